"""Records as operators see them: without technical causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from appliance.agent.failures import FailedJob
from appliance.contract import jobs, replications, status
from appliance.core.jobs import Job
from appliance.replication.models import ReplicationJob


def job_view(job: Job, steps: Sequence[Mapping[str, Any]], vm_name: str, pace: jobs.Pace | None) -> jobs.Job:
    """One job with its steps as `job_list.steps_of` reads them: what has thousands of parts is checked in one go."""
    times = {"created_at": job.created_at, "started_at": job.started_at, "completed_at": job.completed_at}
    ids = {"correlation_id": job.correlation_id, "parent_job_id": job.parent_job_id}
    return jobs.Job.model_validate({**_now(job, vm_name, pace), "steps": steps, **times, **ids})


def followed_job(job: Job, vm_name: str, pace: jobs.Pace | None) -> jobs.FollowedJob:
    """One job as its followers are told of it."""
    return jobs.FollowedJob(**_now(job, vm_name, pace), completed_at=job.completed_at)


def _now(job: Job, vm_name: str, pace: jobs.Pace | None) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "status": job.status,
        "vm_context_id": job.vm_context_id,
        "vm_name": vm_name,
        "progress_percent": job.progress_percent,
        "current_operation": job.current_operation,
        "error": problem(job.error),
        "pace": pace,
        "revision": job.revision,
    }


def problem(error: dict[str, Any] | None) -> jobs.Problem | None:
    """A stored error."""
    return jobs.Problem(**{key: error[key] for key in ("key", "message", "guidance")}) if error else None


def failure_view(failed: FailedJob | None) -> status.Failure | None:
    """A failed job in one sentence and what to do."""
    if failed is None:
        return None
    sentences = {key: str(failed.error.get(key, "")) for key in ("message", "guidance")}
    return status.Failure(at=failed.at, job_id=failed.job_id, title=failed.title, **sentences)


def cycle_view(cycle: ReplicationJob) -> replications.Cycle:
    """A cycle with its disks as operators see it."""
    return replications.Cycle(
        job_id=cycle.id,
        replication_type=cycle.replication_type,
        status=cycle.status,
        progress_percent=cycle.progress_percent,
        current_operation=cycle.current_operation,
        bytes_transferred=cycle.bytes_transferred,
        bytes_skipped=cycle.bytes_skipped,
        total_bytes=cycle.total_bytes,
        transfer_speed_bps=cycle.transfer_speed_bps,
        eta_seconds=cycle.vma_eta_seconds,
        started_at=cycle.started_at,
        completed_at=cycle.completed_at,
        disks=[
            replications.DiskCycle(
                disk_id=disk.disk_id,
                label=disk.label,
                capacity_bytes=disk.capacity_bytes,
                sync_type=disk.sync_type,
                sync_status=disk.sync_status,
                sync_progress_percent=disk.sync_progress_percent,
                total_bytes=disk.bytes_total,
                moved_bytes=disk.bytes_synced,
                zeroed_bytes=disk.bytes_zeroed,
                skipped_bytes=disk.bytes_skipped,
                rate_bps=disk.rate_bps,
                eta_seconds=disk.eta_seconds,
                seconds=disk.seconds,
                volume_id=disk.ossea_volume_id,
                change_id=disk.disk_change_id,
            )
            for disk in cycle.disks
        ],
    )


@dataclass(frozen=True)
class Progress:
    """How the job that holds a VM gets on."""

    percent: float
    operation: str
    rate_bps: float
    eta_seconds: int | None


IDLE = Progress(0.0, "", 0.0, None)


def context_view(context: Row[Any], progress: Progress | None, failed: FailedJob | None) -> replications.VmContext:
    """One VM under management, from a row of a list, with the job that runs and the failure that nothing made good."""
    now = progress or IDLE
    return replications.VmContext(
        **context._mapping,
        progress_percent=None if progress is None else progress.percent,
        current_operation=now.operation,
        rate_bps=now.rate_bps,
        eta_seconds=now.eta_seconds,
        last_failure=_last_failure(failed),
    )


def _last_failure(failed: FailedJob | None) -> replications.LastFailure | None:
    told = problem(failed.error) if failed else None
    return replications.LastFailure(at=failed.at, job_id=failed.job_id, title=failed.title, problem=told) if failed and told else None
