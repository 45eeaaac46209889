"""The record of asynchronous jobs that CloudStack was given (`cloudstack_job_tracking`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from appliance.cloudstack.models import CloudstackJobRow
from appliance.core.store import Store, utcnow


@dataclass(frozen=True)
class Purpose:
    """What a CloudStack job is for: our operation, its record and our job."""

    operation: str = ""
    correlation_id: str = ""
    parent_job_id: str = ""


class Tracking:
    """Writes down which CloudStack jobs there are and what CloudStack last said about each."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def started(self, cloudstack_job_id: str, command: str, purpose: Purpose) -> None:
        """Record a job that CloudStack has just accepted."""
        async with self._store.begin() as session:
            session.add(
                CloudstackJobRow(
                    cloudstack_job_id=cloudstack_job_id,
                    cloudstack_command=command,
                    operation_type=purpose.operation,
                    correlation_id=purpose.correlation_id,
                    parent_job_id=purpose.parent_job_id,
                )
            )

    async def ended(self, cloudstack_job_id: str, status: str) -> None:
        """Record how it ended: `done`, `failed` or `unknown`."""
        async with self._store.begin() as session:
            await session.execute(
                update(CloudstackJobRow)
                .where(CloudstackJobRow.cloudstack_job_id == cloudstack_job_id)
                .values(status=status, cloudstack_status=status, updated_at=utcnow())
            )
