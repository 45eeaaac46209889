"""One replication cycle as the OMA runs it: its steps in order, and what holds the VM meanwhile."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmEvent, records, specifications
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.inventory import AskVm, Disk
from appliance.contract.peer import CopyPhase, CopyProgress, DiskTask
from appliance.core.jobs import Job, JobStatus, Run, Workflow, log
from appliance.replication import records as cycles
from appliance.replication.faults import DIVERGED, FORGOTTEN, NO_CREDENTIAL, NOT_MIGRATABLE, SOURCE_UNPAIRED
from appliance.replication.follow import failure, patiently, until
from appliance.replication.kinds import REPLICATION, VERIFICATION
from appliance.replication.steps import CycleDeps, CycleStep
from appliance.replication.verify import records as verifications
from appliance.replication.verify.faults import NO_COPY
from appliance.replication.verify.steps import Comparison, Verdict
from appliance.volumes.slots import Place
from appliance.vsphere.credentials import known

"""Kinds of jobs that are a cycle of a VM."""


class SourceInspection(CycleStep):
    name, title = "source-inspection", "Looking at the VM in vCenter"

    async def do(self, run: Run) -> None:
        context = await self.context(run)
        await run.log(f"CloudStack configuration: {run.params.get('config_reason', 'the one of the failover')}.")
        access = await self.deps.source.access(context)
        vm = await patiently(run, partial(self.deps.source.vma(context.peer_id).vm, AskVm(access=access, vm=context.vmware_vm_id)))
        if vm.blockers:
            raise NOT_MIGRATABLE(name=vm.name, reasons=" ".join(vm.blockers))
        run.state["tasks"] = [_task(disk, context.consistent_point or {}).model_dump() for disk in vm.disks]
        async with self.deps.store.begin() as session:
            changed = await cycles.note_specification(session, run.id, vm)
            if changed:
                session.add(log.event(run.job, run.step, "info", specifications.in_words(changed)))


class VolumePreparation(CycleStep):
    name, title = "volume-preparation", "Preparing the volumes"

    async def do(self, run: Run) -> None:
        context = await self.context(run)
        config = await self.deps.configs.get(run.params["config_id"])
        volumes = self.deps.volumes
        existing = {one.disk_id for one in await volumes.volumes_of(context.context_id)}
        tasks = run.state["tasks"]
        await volumes.check_room(config, [task["capacity_bytes"] for task in tasks if task["disk_id"] not in existing])
        found: dict[str, str] = {}
        for task in tasks:
            disk_id, capacity = task["disk_id"], task["capacity_bytes"]
            found[disk_id] = await volumes.create_for_disk(run.id, context.context_id, disk_id, context.vm_name, capacity, config)
            await volumes.resize(found[disk_id], capacity, run.id)
            if await volumes.created_by(run.id, found[disk_id]):
                task["previous_change_id"] = None
        run.state["volumes"] = found
        async with self.deps.store.begin() as session:
            for disk in (await cycles.load(session, run.id)).disks:
                disk.ossea_volume_id = found[disk.disk_id]

    async def undo(self, run: Run) -> None:
        context = await self.context(run)
        if context.torn_since is None and context.last_successful_job_id != run.id:
            await self.deps.volumes.discard_created(run.id, await self.deps.configs.get(run.params["config_id"]))


class VolumeAttachment(CycleStep):
    name, title = "volume-attachment", "Attaching the volumes"

    async def do(self, run: Run) -> None:
        volumes = run.state["volumes"]
        async with AsyncExitStack() as shown:

            async def on_wait(_: Place) -> None:
                await shown.enter_async_context(run.waiting("Waiting for free places to attach the volumes"))

            devices = await self.deps.volumes.acquire(run.id, list(volumes.values()), on_wait)
        run.state["devices"] = {disk_id: str(devices[volume_id]) for disk_id, volume_id in volumes.items()}

    async def undo(self, run: Run) -> None:
        await self.deps.volumes.release(run.id)


class TornMark(CycleStep):
    name, title = "torn-mark", "Noting that the copy is being changed"

    async def do(self, run: Run) -> None:
        await self.deps.end_sessions(list(run.state["volumes"].values()))
        async with self.deps.store.begin() as session:
            await cycles.mark_torn(session, run.context_id)


class DataTransfer(CycleStep):
    name, title = "data-transfer", "Copying the disks"

    async def do(self, run: Run) -> None:
        context = await self.context(run)
        vma = self.deps.source.vma(context.peer_id)
        # After a restart of this agent nobody else says that the volumes are in use.
        self.deps.volumes.hold(run.id, list(run.state["volumes"].values()))
        if not run.state.get("ordered"):
            order = await self.order(run)
            # Kept before it is sent: whoever undoes this step has to cancel what the VMA may have begun.
            run.state["sent"] = True
            await run.save()
            await run.known_as(run.id, "copy", peer_id=context.peer_id)
            await patiently(run, lambda: vma.replicate(order))
            run.state["ordered"] = True
            await run.save()
        progress = await until(run, vma, lambda: self.order(run), frozenset({CopyPhase.COPIED}), lambda now: self._note(run, now))
        if progress.phase is not CopyPhase.COPIED or progress.snapshot_at is None:
            raise failure(progress)
        run.state["outcome"] = {
            "at": progress.snapshot_at.isoformat(),
            "capacities": {task["disk_id"]: task["capacity_bytes"] for task in run.state["tasks"]},
            "change_ids": {one.disk_id: one.change_id or "" for one in progress.disks},
        }

    async def undo(self, run: Run) -> None:
        await self.deps.end_sessions(list(run.state["volumes"].values()))
        context = await self.context(run)
        vma = self.deps.source.vma(context.peer_id)
        if run.state.get("sent"):
            try:
                await patiently(run, lambda: vma.cancel(run.id))
                await until(run, vma, lambda: self.order(run), frozenset(), lambda now: self._note(run, now))
            except Fault as error:
                if error.key not in (NOT_FOUND.key, FORGOTTEN.key, SOURCE_UNPAIRED.key):
                    raise
                await run.log(f"There is nothing to cancel at the source. {error.message}", cause=error.cause)

    async def _note(self, run: Run, progress: CopyProgress) -> None:
        async with self.deps.store.begin() as session:
            cycles.note_progress(await cycles.load(session, run.id), progress)
        await run.progress(cycles.fraction_done(progress), progress.operation or None)


class SessionEnd(CycleStep):
    name, title = "session-end", "Ending the data sessions"

    async def do(self, run: Run) -> None:
        await self.deps.end_sessions(list(run.state["volumes"].values()))


class Commit(CycleStep):
    name, title = "commit", "Recording the new consistent point"

    async def done(self, run: Run) -> bool:
        return (await self.context(run)).last_successful_job_id == run.id

    async def do(self, run: Run) -> None:
        async with self.deps.store.begin() as session:
            await cycles.commit(session, run.id, run.state["outcome"])
            if mode := run.params.get("verify"):
                await verifications.begin(session, await cycles.load(session, run.id), mode)


class SnapshotRemoval(CycleStep):
    name, title = "snapshot-removal", "Removing the snapshot in vCenter"

    async def do(self, run: Run) -> None:
        context = await self.context(run)
        vma = self.deps.source.vma(context.peer_id)

        async def release(progress: CopyProgress) -> None:
            if progress.phase is CopyPhase.COPIED:
                await patiently(run, lambda: vma.release(run.id))

        progress = await until(run, vma, lambda: self.order(run), frozenset(), release)
        if progress.phase is not CopyPhase.FINISHED:
            raise failure(progress)


class SlotRelease(CycleStep):
    name, title = "slot-release", "Letting the volumes go"

    async def do(self, run: Run) -> None:
        await self.deps.volumes.release(run.id)


class Replication(Workflow):
    """A cycle holds its VM from its first record to its end; one that a failover asks for works inside the failover's hold."""

    kind = REPLICATION
    made_of: tuple[type[CycleStep], ...] = (
        SourceInspection,
        VolumePreparation,
        VolumeAttachment,
        TornMark,
        DataTransfer,
        SessionEnd,
        Commit,
        Comparison,
        SnapshotRemoval,
        SlotRelease,
    )

    def __init__(self, deps: CycleDeps) -> None:
        super().__init__([step(deps) for step in self.made_of])
        self._deps = deps

    def title(self, job: Job) -> str:
        return f"Replication of {job.params['vm_name']}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        context = await records.by_id(session, job.vm_context_id or "")
        if context.current_job_id is None or context.current_job_id != job.params["parent_job_id"]:
            await records.claim(session, job)
        if context.diverged_since is not None:
            raise DIVERGED(name=context.vm_name)
        if context.credential_id is not None and not await known(session, context.credential_id):
            raise NO_CREDENTIAL(name=context.vm_name, cause=f"credential {context.credential_id}")
        records.advance(context, VmEvent.CYCLE_STARTS)
        context.ossea_config_id = job.params["config_id"]
        session.add(cycles.new_cycle(job, context, job.params["config_id"]))

    async def settle(self, session: AsyncSession, job: Job) -> None:
        context = await records.by_id(session, job.vm_context_id or "")
        await verifications.give_up(session, job)
        # A comparison that found what it could not repair has torn the copy again, after its commit.
        sound = context.last_successful_job_id == job.id and context.torn_since is None
        records.advance(context, VmEvent.CYCLE_COMMITTED if sound else records.stopped(context))
        cycle = await cycles.load(session, job.id)
        if context.current_job_id == job.id:
            await records.free(session, job, cycles.figures(cycle))
        cycle.status, cycle.completed_at, cycle.current_operation = job.status, job.completed_at, ""
        if job.status != JobStatus.COMPLETED and job.error:
            cycle.error_message = f"{job.error['message']} {job.error['guidance']}"


class Verification(Replication):
    """A cycle whose purpose is the comparison: it brings the copy up to date, and fails when not all could be compared."""

    kind = VERIFICATION
    made_of = (*Replication.made_of, Verdict)

    def title(self, job: Job) -> str:
        return f"Verification of {job.params['vm_name']}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        context = await records.by_id(session, job.vm_context_id or "")
        if context.consistent_point is None:
            raise NO_COPY(name=context.vm_name)
        await super().claim(session, job)


def _task(disk: Disk, point: dict[str, Any]) -> DiskTask:
    """An increment since the consistent point; a full copy of a disk that is new or has another size than then."""
    same_size = point.get("capacities", {}).get(disk.disk_id) == disk.capacity_bytes
    previous = point["change_ids"].get(disk.disk_id) if same_size else None
    return DiskTask(disk_id=disk.disk_id, key=disk.key, capacity_bytes=disk.capacity_bytes, previous_change_id=previous or None)
