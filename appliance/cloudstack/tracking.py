"""The record of asynchronous jobs that CloudStack was given (`cloudstack_job_tracking`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from appliance.cloudstack.models import CloudstackJobRow
from appliance.core.jobs import log, trace
from appliance.core.store import Store, utcnow

PENDING = "pending"


@dataclass(frozen=True)
class Purpose:
    """What a CloudStack job is for: our operation, its record and our job.

    What is done for a job under way is correlated with all else that is done for it; else with the operation's record.
    """

    operation: str = ""
    correlation_id: str = ""
    parent_job_id: str = ""


class Tracking:
    """Writes down which CloudStack jobs there are and what CloudStack last said about each."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def started(self, cloudstack_job_id: str, command: str, purpose: Purpose) -> None:
        """Record a job that CloudStack has just accepted: whose it is, and what its id leads back to."""
        at_work = trace.current()
        parent = purpose.parent_job_id or at_work.job_id
        async with self._store.begin() as session:
            session.add(
                CloudstackJobRow(
                    cloudstack_job_id=cloudstack_job_id,
                    cloudstack_command=command,
                    operation_type=purpose.operation,
                    correlation_id=at_work.correlation_id or purpose.correlation_id,
                    parent_job_id=parent,
                )
            )
            await log.correlate(session, parent, cloudstack_job_id, "cloudstack", {"command": command})

    async def ended(self, cloudstack_job_id: str, status: str) -> None:
        """Record how it ended: `done`, `failed` or `unknown`."""
        async with self._store.begin() as session:
            await session.execute(
                update(CloudstackJobRow)
                .where(CloudstackJobRow.cloudstack_job_id == cloudstack_job_id)
                .values(status=status, cloudstack_status=status, updated_at=utcnow())
            )

    async def pending(self, parent_job_id: str | None = None, command: str | None = None) -> list[str]:
        """The jobs of which CloudStack has not said yet how they ended, oldest first: all, or those for one job of ours and one command."""
        row = CloudstackJobRow
        query = select(row.cloudstack_job_id).where(row.status == PENDING).order_by(row.id)
        if parent_job_id is not None:
            query = query.where(row.parent_job_id == parent_job_id)
        if command is not None:
            query = query.where(row.cloudstack_command == command)
        async with self._store.session() as session:
            return list(await session.scalars(query))
