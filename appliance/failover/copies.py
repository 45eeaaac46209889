"""Steps on the copies before a failover: set free, snapshotted; and how they are taken back to their snapshots."""

from __future__ import annotations

from appliance.contexts import records
from appliance.contract.errors import Fault
from appliance.contract.failover import Preparation
from appliance.contract.preflight import FailoverKind
from appliance.core.jobs import Run, Step
from appliance.core.store import utcnow
from appliance.failover import preflight
from appliance.failover.case import Case, load
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import STILL_HOLDS_DISKS
from appliance.failover.fitness import Wish
from appliance.failover.readiness import refuse_unusable
from appliance.volumes.faults import SNAPSHOT_LOST
from appliance.volumes.records import Volume


class Checks(Step):
    """Whether everything that is needed is there, before anything is touched."""

    name, title = "checks", "Checking CloudStack and the copy"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        case.config.require("zone", "template_id", "service_offering_id", "oma_vm_id")
        case.in_order()
        if preflight.is_fresh(run.params.get(preflight.LOOKED_AT), utcnow()):
            # Everything was looked at right before the job was stored.
            await self._deps.clouds.discovery(case.config).version()
            return
        kind, preparation = FailoverKind(case.row.job_type), Preparation(run.params.get("preparation", Preparation.AUTO))
        wish = Wish(kind, case.row.network_mappings, preparation, run.id)
        await preflight.refuse_unfit(self._deps, case.context, case.config.id, wish)


class SetFree(Step):
    """Data sessions are flushed and ended, and the copies detached from this appliance."""

    name, title = "volume-detachment", "Setting the copied disks free"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        here = [one.volume_id for one in case.volumes if one.vm_id == case.config.oma_vm_id]
        run.state.setdefault("attached_before", here)
        await run.save()
        await self._deps.end_sessions(case.volume_ids)
        await self._deps.volumes.detach(case.volume_ids, run.id)

    async def undo(self, run: Run) -> None:
        await reattach(self._deps, run, run.state.get("attached_before", []))


class Snapshots(Step):
    """Every copy gets a snapshot, recorded one by one with the consistent point it holds."""

    name, title = "volume-snapshots", "Keeping a snapshot of every disk"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        context = case.context
        refuse_unusable(context)
        for number, volume in enumerate(case.in_order()):
            await run.progress(number / len(case.volumes))
            await self._deps.volumes.snapshot(volume.volume_id, run.id, context.consistent_point)

    async def undo(self, run: Run) -> None:
        case = await load(self._deps, run)
        await refuse_while_attached(self._deps, case)
        if case.context.diverged_since is not None:
            lost = await revert(self._deps, run, case)
            if lost:
                raise SNAPSHOT_LOST(volume=lost[0].name)
            await return_to_point(self._deps, case, lost)
        for volume in case.volumes:
            await self._deps.volumes.delete_snapshot(volume.volume_id, run.id)


async def reattach(deps: FailoverDeps, run: Run, volume_ids: list[str]) -> None:
    """Attach copies to this appliance again; they are parked when their slots are needed."""
    if volume_ids:
        await deps.volumes.acquire(run.id, volume_ids)
        await deps.volumes.release(run.id)


async def refuse_while_attached(deps: FailoverDeps, case: Case) -> None:
    """Raise a Fault while the new machine holds a copy, whatever the records say."""
    machine = await case.machine_id()
    root = await deps.volumes.root_of(machine, case.config) if machine else None
    held = [one.volume_id for one in case.volumes if machine and (one.vm_id == machine or one.volume_id == root)]
    if held:
        raise STILL_HOLDS_DISKS(name=case.context.vm_name, cause=f"{held} on {machine}")


async def revert(deps: FailoverDeps, run: Run, case: Case) -> list[Volume]:
    """Take every copy back to its snapshot, recorded one by one; returns those whose snapshot is lost.

    A copy without a snapshot is lost only when it was changed.
    """
    lost = []
    for number, volume in enumerate(case.volumes):
        await run.progress(number / len(case.volumes))
        if volume.snapshot_id is None:
            lost += [volume] if case.context.diverged_since is not None else []
            continue
        try:
            await deps.volumes.revert(volume.volume_id, run.id)
        except Fault as error:
            if error.spec is not SNAPSHOT_LOST:
                raise
            lost.append(volume)
    return lost


async def return_to_point(deps: FailoverDeps, case: Case, lost: list[Volume]) -> None:
    """All copies are back: in one transaction the change ids return to the snapshots' point and nothing is diverged any more.

    A lost disk has no change id any more, and the VM is torn.
    """
    kept = [one.snapshot_point for one in case.volumes if one.snapshot_point is not None]
    point = dict(kept[0] if kept else case.context.consistent_point or {})
    ids = {**point.get("change_ids", {}), **{one.disk_id: None for one in lost}}
    async with deps.store.begin() as session:
        context = await records.by_id(session, case.context.context_id)
        if kept or lost:
            await deps.restore_point(session, context.context_id, {**point, "change_ids": ids})
        context.diverged_since = None
        if lost:
            context.torn_since = context.torn_since or utcnow()
