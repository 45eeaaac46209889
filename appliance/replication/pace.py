"""How jobs that move data get on, many jobs in one question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.jobs import Pace
from appliance.core.jobs import Job, JobStatus
from appliance.replication.kinds import CYCLES
from appliance.replication.models import ReplicationJob
from appliance.replication.transfer.board import Board


async def cycle_paces(session: AsyncSession, jobs: Sequence[Job]) -> dict[str, Pace]:
    """The OMA's answer, from the records of cycles; jobs without data are not in it."""
    cycles = {job.id: job.status for job in jobs if job.kind in CYCLES}
    if not cycles:
        return {}
    row = ReplicationJob
    columns = (row.id, row.progress_percent, row.total_bytes, row.bytes_skipped, row.transfer_speed_bps, row.vma_eta_seconds)
    found = await session.execute(select(*columns).where(row.id.in_(cycles)))
    return {
        job_id: pace(percent, total, skipped, rate, eta, moving=cycles[job_id] == JobStatus.RUNNING)
        for job_id, percent, total, skipped, rate, eta in found
        if total or skipped
    }


def pace(percent: float, total: int, skipped: int, rate: float, eta: int | None, *, moving: bool) -> Pace:
    """The pace that a cycle's record tells (pure); what it last moved at counts only while it is `moving`."""
    return Pace(
        done_bytes=round(total * percent / 100),
        total_bytes=total,
        skipped_bytes=skipped,
        rate_bps=float(rate) if moving else 0.0,
        eta_seconds=eta if moving else None,
    )


async def board_paces(boards: Mapping[str, Board], _: AsyncSession, jobs: Sequence[Job]) -> dict[str, Pace]:
    """The VMA's answer, from the boards in memory; jobs of an earlier agent have none."""
    found = {job.id: boards[job.id].pace(moving=job.status == JobStatus.RUNNING) for job in jobs if job.id in boards}
    return {job_id: one for job_id, one in found.items() if one is not None}
