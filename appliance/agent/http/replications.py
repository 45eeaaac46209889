"""Routes of protection and cycles."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.failures import last_of_vms
from appliance.agent.http.views import Progress, context_view, cycle_view
from appliance.contexts import VmContext, doubts, records
from appliance.contract import replications as contract
from appliance.contract.errors import BAD_REQUEST, NOT_FOUND
from appliance.core.jobs import Job, JobStatus
from appliance.core.store import Store
from appliance.replication import records as cycles
from appliance.replication.models import ReplicationJob
from appliance.replication.protect import Protection
from appliance.schedules import facts
from appliance.vsphere.credentials import Credentials

LINE = (
    VmContext.context_id,
    VmContext.peer_id,
    VmContext.vm_name,
    VmContext.vm_path,
    VmContext.vcenter_host,
    VmContext.current_status,
    VmContext.current_job_id,
    VmContext.last_successful_job_id,
    VmContext.last_operation_summary,
    VmContext.consistent_point["at"].as_string().label("consistent_at"),
    VmContext.torn_since,
    VmContext.diverged_since,
    VmContext.consistent_point[doubts.KEY].as_string().label("doubt"),
    VmContext.ossea_config_id,
)
"""What a list shows of a VM, as columns: the descriptions are most of a row's bytes, and are not shown."""


class ReplicationRoutes(contract.ReplicationsApi):
    """Serves VMs under management and their cycles."""

    def __init__(self, store: Store, credentials: Credentials, protection: Protection) -> None:
        self._store, self._credentials, self._protection = store, credentials, protection

    async def replicate(self, body: contract.StartReplication) -> contract.Replication:
        context_id = body.context_id or await self._add(body)
        if not body.start_replication:
            return contract.Replication(context_id=context_id, job_id=None)
        job_id = await self._protection.start(context_id, config_id=body.ossea_config_id, quiesce=body.quiesce)
        return contract.Replication(context_id=context_id, job_id=job_id)

    async def _add(self, body: contract.StartReplication) -> str:
        credential_id = body.credential_id or await self._credentials.default_id()
        if body.vm_path is None or credential_id is None:
            raise BAD_REQUEST(detail="name the VM by context_id, or by vm_path with credential_id")
        if body.start_replication:
            # Before the VM is added: a missing configuration should leave nothing behind.
            (await self._protection.deps.configs.choose(body.ossea_config_id))[0].ready_for_volumes()
        credential = await self._credentials.get(credential_id)
        if body.start_replication:
            await self._protection.refuse_unfit(credential.peer_id, credential_id, body.vm_path, body.ossea_config_id)
        return await self._protection.add(credential.peer_id, credential_id, body.vm_path)

    async def change_id(self, vm_path: str, disk_id: str) -> contract.ChangeId:
        async with self._store.session() as session:
            found = await session.scalar(select(VmContext).where(VmContext.vm_path == vm_path))
            if found is None:
                raise NOT_FOUND(noun="VM", id=vm_path)
            return contract.ChangeId(change_id=(found.consistent_point or {}).get("change_ids", {}).get(disk_id) or None)

    async def cycle(self, job_id: str) -> contract.Cycle:
        async with self._store.session() as session:
            return cycle_view(await cycles.load(session, job_id))

    async def contexts(
        self, state: str | None = None, name: str = "", after: str | None = None, limit: int | None = None
    ) -> list[contract.VmContext]:
        only: list[ColumnElement[bool]] = []
        if state is not None:
            only.append(VmContext.current_status.in_(state.split(",")))
        if name:
            only.append(VmContext.vm_name.icontains(name, autoescape=True))
        async with self._store.session() as session:
            if after is not None:
                last = await records.by_id(session, after)
                only.append(tuple_(VmContext.vm_name, VmContext.context_id) > (last.vm_name, last.context_id))
            return await _listed(session, *only, limit=limit)

    async def context(self, vm: str) -> contract.VmContext:
        async with self._store.session() as session:
            context_id = (await records.by_name_or_id(session, vm)).context_id
            return (await _listed(session, VmContext.context_id == context_id))[0]

    async def accept_copy(self, vm: str) -> contract.VmContext:
        async with self._store.begin() as session:
            context = await records.by_name_or_id(session, vm)
            doubts.accept(context)
            context_id = context.context_id
        return await self.context(context_id)

    async def cycles(self, vm: str, limit: Annotated[int, Field(ge=1, le=200)] = 20) -> list[contract.Cycle]:
        async with self._store.session() as session:
            context_id = (await records.by_name_or_id(session, vm)).context_id
            query = select(ReplicationJob).where(ReplicationJob.vm_context_id == context_id)
            newest = query.order_by(ReplicationJob.created_at.desc(), ReplicationJob.id.desc()).limit(limit)
            return [cycle_view(one) for one in await session.scalars(newest)]


async def _listed(session: AsyncSession, *only: ColumnElement[bool], limit: int | None = None) -> list[contract.VmContext]:
    """VMs with how their jobs get on, what failed last and what comes next: three queries however many there are."""
    coming = facts.next_runs()
    query = (
        select(*LINE, coming.c.next_run_at.label("next_run")).outerjoin(coming, coming.c.vm_context_id == VmContext.context_id).where(*only)
    )
    found = (await session.execute(query.order_by(VmContext.vm_name, VmContext.context_id).limit(limit))).all()
    progress = await _progress(session, {one.current_job_id for one in found if one.current_job_id})
    failed = await last_of_vms(session, [one.context_id for one in found if _may_have_failed(one.last_operation_summary)])
    return [context_view(one, progress.get(one.current_job_id or ""), failed.get(one.context_id)) for one in found]


def _may_have_failed(summary: dict[str, Any] | None) -> bool:
    """Whether a VM's jobs have to be looked through: not where the last one succeeded."""
    return (summary or {}).get("status") != JobStatus.COMPLETED


async def _progress(session: AsyncSession, job_ids: set[str]) -> dict[str, Progress]:
    if not job_ids:
        return {}
    columns = (
        Job.id,
        Job.status,
        Job.progress_percent,
        Job.current_operation,
        ReplicationJob.transfer_speed_bps,
        ReplicationJob.vma_eta_seconds,
    )
    query = select(*columns).outerjoin(ReplicationJob, ReplicationJob.id == Job.id).where(Job.id.in_(job_ids))
    found = {}
    for job_id, status, percent, operation, rate, eta in await session.execute(query):
        moving = status == JobStatus.RUNNING
        found[job_id] = Progress(percent, operation, float(rate or 0) if moving else 0.0, eta if moving else None)
    return found
