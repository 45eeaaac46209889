"""The end of a VM's management: what was made for it goes first, then its records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, VmState, records
from appliance.contract.errors import Fault
from appliance.contract.inventory import AskVm
from appliance.contract.management import Removal
from appliance.core.jobs import Job, JobStatus, Run, Runner, Step, Workflow
from appliance.core.store import Store, utcnow
from appliance.replication.faults import NO_CREDENTIAL, SOURCE_UNPAIRED, STILL_FAILED_OVER
from appliance.replication.follow import patiently
from appliance.replication.models import ReplicationJob
from appliance.replication.source import Sources
from appliance.volumes.facade import Volumes
from appliance.volumes.records import Volume

KIND = "removal"
_FAILED_OVER = (VmState.TEST, VmState.LIVE, VmState.CLEANUP_REQUIRED)
_NOBODY_TO_ASK = (NO_CREDENTIAL.key, SOURCE_UNPAIRED.key, "vcenter.vm_not_found")
"""Answers after which there is nothing to be removed at the source, or nobody who could."""


class RemovalStep(Step):
    """A step of a removal."""

    def __init__(self, store: Store, volumes: Volumes, source: Sources) -> None:
        self._store, self._volumes, self._source = store, volumes, source

    async def _context(self, run: Run) -> VmContext:
        async with self._store.session() as session:
            return await records.by_id(session, run.context_id)


class GiveUpCopy(RemovalStep):
    """From here on the copy can't be started, whatever the rest of the removal comes to."""

    name, title = "copy-given-up", "Noting that the copy is given up"

    async def do(self, run: Run) -> None:
        async with self._store.begin() as session:
            context = await records.by_id(session, run.context_id)
            if context.current_status != VmState.MIGRATED:
                context.torn_since, context.consistent_point = context.torn_since or utcnow(), None


class RemoveSnapshots(RemovalStep):
    """What a cycle that was broken off may have left in vCenter."""

    name, title = "source-snapshots", "Removing snapshots of the appliance in vCenter"

    async def do(self, run: Run) -> None:
        context = await self._context(run)
        async with self._store.session() as session:
            if not await _cycles(session, context.context_id):
                return
        try:
            access = await self._source.access(context)
            asked = AskVm(access=access, vm=context.vmware_vm_id)
            removed = await patiently(run, partial(self._source.vma(context.peer_id).remove_snapshots, asked))
        except Fault as error:
            if error.key not in _NOBODY_TO_ASK:
                raise
            await run.log(f"Nothing is removed at the source. {error.message}", level="warning", cause=error.cause)
            return
        if removed.names:
            await run.log(f"{_count(len(removed.names), 'snapshot')} that had been left in vCenter went.")


class RemoveVolumes(RemovalStep):
    """The volumes with their snapshots; those of a machine that was migrated for good are its own."""

    name, title = "volume-removal", "Removing the volumes"

    async def do(self, run: Run) -> None:
        released = (await self._context(run)).current_status == VmState.MIGRATED
        for volume in await self._volumes.volumes_of(run.context_id):
            if released:
                await self._volumes.forget(volume.volume_id)
            else:
                await self._volumes.delete(volume.volume_id, run.id)
                await run.log(f"The volume {volume.name} is gone.")


class VmRemoval(Workflow):
    """Ended by asking again when it stopped. Its jobs stay in the list of jobs."""

    kind = KIND
    undoes = False

    def __init__(self, store: Store, volumes: Volumes, source: Sources) -> None:
        made_of: tuple[type[RemovalStep], ...] = (GiveUpCopy, RemoveSnapshots, RemoveVolumes)
        super().__init__([step(store, volumes, source) for step in made_of])

    def title(self, job: Job) -> str:
        return f"Removal of {job.params['vm_name']} from management"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        context = await records.claim(session, job)
        if context.current_status in _FAILED_OVER:
            raise STILL_FAILED_OVER(name=context.vm_name, state=context.current_status.replace("_", " "))

    async def settle(self, session: AsyncSession, job: Job) -> None:
        context = await records.free(session, job)
        if job.status == JobStatus.COMPLETED:
            await session.delete(context)


async def start(store: Store, runner: Runner, name: str) -> str:
    """Start removing a VM that is named by id or name; returns the job's id. Raises a Fault while it is busy or failed over."""
    async with store.session() as session:
        context = await records.by_name_or_id(session, name)
    return await runner.submit(KIND, {"vm_name": context.vm_name}, vm_context_id=context.context_id, peer_id=context.peer_id)


async def preview(store: Store, volumes: Volumes, name: str) -> Removal:
    """What would go. Raises a Fault (404, 409) when there is no such VM."""
    async with store.session() as session:
        context = await records.by_name_or_id(session, name)
        cycles = await _cycles(session, context.context_id)
    return described(context, await volumes.volumes_of(context.context_id), cycles)


def described(context: VmContext, volumes: Sequence[Volume], cycles: int) -> Removal:
    """What goes and what stays, in sentences; pure."""
    goes, stays = [], [f"{context.vm_name} in vCenter stays as it is."]
    snapshots = sum(volume.snapshot_id is not None for volume in volumes)
    if context.current_status == VmState.MIGRATED:
        stays.append(f"The new machine and its {_count(len(volumes), 'volume')} stay as they are.")
    elif volumes:
        goes.append(f"{_count(len(volumes), 'volume')} in CloudStack with {sum(one.size_gb for one in volumes)} GiB, and the copy on them.")
        goes += [f"{_count(snapshots, 'snapshot')} of these volumes."] if snapshots else []
    if cycles:
        goes.append("Snapshots of the appliance that are left in vCenter, if there are any.")
        goes.append(f"The records of {_count(cycles, 'copy', 'copies')}.")
    goes.append("Its places in schedules and groups, and its network mappings.")
    return Removal(context_id=context.context_id, vm_name=context.vm_name, goes=goes, stays=stays, refusal=_refusal(context))


def _refusal(context: VmContext) -> str:
    if context.current_job_id is not None:
        return records.BUSY(name=context.vm_name).message
    if context.current_status in _FAILED_OVER:
        return STILL_FAILED_OVER(name=context.vm_name, state=context.current_status.replace("_", " ")).message
    return ""


async def _cycles(session: AsyncSession, context_id: str) -> int:
    query = select(func.count()).select_from(ReplicationJob).where(ReplicationJob.vm_context_id == context_id)
    return await session.scalar(query) or 0


def _count(number: int, one: str, several: str = "") -> str:
    return f"1 {one}" if number == 1 else f"{number} {several or one + 's'}"
