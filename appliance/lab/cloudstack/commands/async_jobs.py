"""Looking after asynchronous jobs."""

from ..cloud import Cloud
from ..errors import unknown_entity
from ..records import Job, fixed_id
from ..wire import Params, Row
from .registry import Answer, command, listing


@command("queryAsyncJobResult", "jobid")
def query_async_job_result(cloud: Cloud, params: Params) -> Answer:
    """How a job stands."""
    job = cloud.world.jobs.get(params.text("jobid"))
    if job is None:
        raise unknown_entity(params.command, "jobid", params.text("jobid"))
    return _job_row(cloud, job)


@command("listAsyncJobs")
def list_async_jobs(cloud: Cloud, params: Params) -> Answer:
    """All jobs, newest first."""
    rows = [_job_row(cloud, job) for job in reversed(list(cloud.world.jobs.values()))]
    return listing("asyncjobs", rows, params)


def _job_row(cloud: Cloud, job: Job) -> Row:
    """A job; `jobresult` is there once it has ended."""
    row: Row = {
        "accountid": fixed_id("account", cloud.config.account),
        "userid": fixed_id("user", cloud.config.user),
        "cmd": f"org.apache.cloudstack.api.command.{job.command[0].upper()}{job.command[1:]}Cmd",
        "jobid": job.id,
        "jobstatus": job.status,
        "jobprocstatus": 0,
        "jobresultcode": job.result_code,
        "jobresulttype": "object",
        "jobinstancetype": job.instance_type,
        "created": job.created,
    }
    if job.instance_id is not None:
        row["jobinstanceid"] = job.instance_id
    if job.completed is not None:
        row |= {"jobresult": job.result, "completed": job.completed}
    return row
