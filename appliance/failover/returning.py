"""The ten steps by which a failover is taken back; each looks at what really is and can be run again."""

from __future__ import annotations

from appliance.contexts import VmEvent, VmState, records
from appliance.core.jobs import Run, Step
from appliance.failover.case import load, record
from appliance.failover.copies import reattach, return_to_point, revert
from appliance.failover.departure import before, restore_adapters
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import SNAPSHOTS_MISSING
from appliance.failover.machine import delete_machine, stop_machine, take_disks
from appliance.failover.source import OFF, SourceGuest

_DONE = {VmState.TEST: VmEvent.CLEANUP_DONE, VmState.LIVE: VmEvent.ROLLBACK_DONE, VmState.CLEANUP_REQUIRED: VmEvent.REPAIRED}


class ReturnStep(Step):
    """A step of a way back."""

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps


class OpenCloud(ReturnStep):
    """CloudStack answers."""

    name, title = "ossea-client-initialization", "Connecting to CloudStack"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        await self._deps.clouds.discovery(case.config).version()


class FindFailover(ReturnStep):
    """What there is to take back, and what will be lost by it; the records are brought in line with it first."""

    name, title = "failover-job-retrieval", "Looking up the failover"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        for difference in await self._deps.volumes.heal(case.volume_ids):
            await run.log("A disk was not as recorded; the records are corrected.", level="warning", cause=str(difference))
        machine = await case.machine_id()
        if machine is not None and case.row.destination_vm_id != machine:
            await record(self._deps, case.row.id, destination_vm_id=machine)
        started = case.row.guest_started_at
        if started is None:
            await run.log("The new machine was never started: nothing is lost.")
        else:
            await run.log(f"What was written on the new machine since {started:%Y-%m-%d %H:%M:%S} UTC is lost.", level="warning")


class StopMachine(ReturnStep):
    """The new machine is verifiably off before anything else."""

    name, title = "test-vm-shutdown", "Switching the new machine off"

    async def do(self, run: Run) -> None:
        await stop_machine(run, await load(self._deps, run))


class DetachVolumes(ReturnStep):
    """The copies are attached to nothing."""

    name, title = "volume-detachment", "Taking the disks from the new machine"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        await self._deps.end_sessions(case.volume_ids)
        await self._deps.volumes.detach(case.volume_ids, run.id)
        await take_disks(self._deps, run, case)


class RevertVolumes(ReturnStep):
    """Every copy is taken back to its snapshot, and then the change ids to the snapshots' point."""

    name, title = "cloudstack-snapshot-rollback", "Taking the disks back to their snapshots"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        lost = await revert(self._deps, run, case)
        await return_to_point(self._deps, case, lost)
        for volume in lost:
            await run.log(f"The snapshot of the disk {volume.name} is lost: it will be copied in full.", level="warning")


class DeleteSnapshots(ReturnStep):
    """The snapshots go, once every copy is back."""

    name, title = "cloudstack-snapshot-deletion", "Removing the snapshots"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        if case.context.diverged_since is not None:
            raise SNAPSHOTS_MISSING(name=case.context.vm_name)
        for volume in case.volumes:
            await self._deps.volumes.delete_snapshot(volume.volume_id, case.row.id)


class ReattachVolumes(ReturnStep):
    """The copies are attached to this appliance again."""

    name, title = "volume-reattachment-to-oma", "Attaching the disks to this appliance again"

    async def do(self, run: Run) -> None:
        await reattach(self._deps, run, (await load(self._deps, run)).volume_ids)


class DeleteMachine(ReturnStep):
    """The new machine goes, without any copy."""

    name, title = "test-vm-deletion", "Removing the new machine"

    async def do(self, run: Run) -> None:
        await delete_machine(self._deps, run, await load(self._deps, run))


class RestoreSource(ReturnStep):
    """The source's adapters connect again, where a live failover had changed that."""

    name, title = "source-network-restoration", "Giving the source machine its networks back"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        if before(case):
            await restore_adapters(SourceGuest(self._deps, run, case.context), case)


class PowerOnSource(ReturnStep):
    """The source is switched on if that was asked for; also when it was on and nothing ever took its place."""

    name, title = "source-power-on", "Switching the source machine on"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        never_replaced = case.row.guest_started_at is None and before(case).get("power", OFF) != OFF
        if before(case) and (run.params.get("power_on_source") or never_replaced):
            await SourceGuest(self._deps, run, case.context).switch_on()


class CloseFailover(ReturnStep):
    """The failover is on record as taken back."""

    name, title = "failover-job-status-update", "Closing the failover's record"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        await record(self._deps, case.row.id, status="cleaned_up" if case.row.job_type == "test" else "rolled_back")


class ReturnContext(ReturnStep):
    """The VM is ready again, or failed where a snapshot was lost."""

    name, title = "vm-context-status-update", "Updating the VM's state"

    async def do(self, run: Run) -> None:
        async with self._deps.store.begin() as session:
            context = await records.by_id(session, run.context_id)
            state = VmState(context.current_status)
            if state not in _DONE:
                return
            if context.torn_since is None:
                records.advance(context, _DONE[state])
                return
            if state is not VmState.CLEANUP_REQUIRED:
                records.advance(context, VmEvent.RETURN_STUCK)
            records.advance(context, VmEvent.REPAIRED_WITH_LOSS)


def ten_steps(deps: FailoverDeps) -> list[Step]:
    """The way back of a test."""
    first = [OpenCloud, FindFailover, StopMachine, DetachVolumes, RevertVolumes, DeleteSnapshots, ReattachVolumes, DeleteMachine]
    return [kind(deps) for kind in [*first, CloseFailover, ReturnContext]]


def with_source(deps: FailoverDeps) -> list[Step]:
    """The way back of a live failover: the ten steps, and the source's before the records are closed."""
    steps = ten_steps(deps)
    return [*steps[:-2], RestoreSource(deps), PowerOnSource(deps), *steps[-2:]]
