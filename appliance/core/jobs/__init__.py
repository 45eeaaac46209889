"""Jobs: every operation is stored with its steps before it is acted on, and survives a crash."""

from appliance.core.jobs.lifecycle import JobEvent, JobStatus, StepStatus
from appliance.core.jobs.models import Job, JobIdCorrelation, JobStep, LogEvent
from appliance.core.jobs.run import Run
from appliance.core.jobs.runner import Runner
from appliance.core.jobs.workflow import Step, Workflow, refuse_beside

__all__ = [
    "Job",
    "JobEvent",
    "JobIdCorrelation",
    "JobStatus",
    "JobStep",
    "LogEvent",
    "Run",
    "Runner",
    "Step",
    "StepStatus",
    "Workflow",
    "refuse_beside",
]
