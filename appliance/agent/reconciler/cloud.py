"""CloudStack against the records: machines, volumes and snapshots that carry our marks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from appliance.agent.reconciler import judging
from appliance.agent.reconciler.faults import CLEANUP_FAILED
from appliance.agent.reconciler.findings import Healing, Sight
from appliance.agent.reconciler.judging import DIFFERENCES, Verdict
from appliance.agent.reconciler.known import Known, ReconcilerDeps, read
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.instances import Machine
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.contract.failover import StartFailedCleanup
from appliance.contract.reconciliation import FindingKind, Place, Unseen
from appliance.contract.types import JobRef
from appliance.core.jobs import JobStatus, Run
from appliance.failover import requests
from appliance.failover.models import FailoverJobRow
from appliance.volumes.names import job_of_snapshot, job_of_volume
from appliance.volumes.reconcile import View
from appliance.volumes.records import Volume

_OPEN = (VmState.TEST, VmState.LIVE, VmState.CLEANUP_REQUIRED)
_LOCAL = ("stray_link", "link_missing", "export_missing", "export_left", "device_left", "device_missing")
SNAPSHOT_LOST = Verdict(
    FindingKind.MISSING,
    "snapshot_lost",
    "The snapshot of the disk {volume}, which the way back of its failover needs, is not in CloudStack any more.",
    "Clean up the failover, or roll it back: the disk is then copied in full.",
)


@dataclass(frozen=True)
class CloudSeen:
    """What was seen: volumes and snapshots, machines by id with job and configuration, and which machines of failovers exist."""

    view: View
    volumes: list[Volume]
    machines: dict[str, tuple[Machine, str, CloudConfig]]
    existing: set[str]
    known: Known


async def look(deps: ReconcilerDeps) -> Sight:
    """Look at every CloudStack in use. One that does not answer leaves all of it unseen: half a view would call things missing."""
    sight = Sight()
    try:
        seen = await _see(deps)
    except Fault as error:
        sight.unseen.append(Unseen(place=Place.CLOUDSTACK, name="CloudStack", problem=f"{error.message} {error.guidance}"))
        return sight
    _machines(deps, seen, sight)
    _volumes(deps, seen, sight)
    _snapshots(deps, seen, sight)
    _differences(deps, seen, sight)
    await _failovers(deps, seen, sight)
    return sight


async def _see(deps: ReconcilerDeps) -> CloudSeen:
    work, configs = deps.failover, await deps.failover.configs.all()
    used = {one.config_id for one in await work.volumes.all()}
    # What one configuration leads to, another may, too: the same thing is seen once.
    chosen = [one for one in configs if one.is_active or one.id in used]
    view = await work.volumes.look({one.id for one in chosen})
    machines = {}
    for config in chosen:
        for machine, job_id in await work.clouds.instances(config).of_jobs():
            machines[machine.id] = (machine, job_id, config)
    # The records are read last: whatever a job makes meanwhile has its job on record.
    known = await read(work.store)
    existing = set(machines)
    for row in (known.newest_failover(one.context_id) for one in known.contexts.values() if one.current_status in _OPEN):
        if row is not None and row.destination_vm_id and row.destination_vm_id not in existing:
            theirs = [one for one in configs if one.id == row.ossea_config_id]
            if theirs and await work.clouds.instances(theirs[0]).get(row.destination_vm_id):
                existing.add(row.destination_vm_id)
    return CloudSeen(view, await work.volumes.all(), machines, existing, known)


def _machines(deps: ReconcilerDeps, seen: CloudSeen, sight: Sight) -> None:
    holders = {seen.view.there[one.volume_id].vm_id for one in seen.volumes if one.volume_id in seen.view.there}
    for machine, job_id, config in seen.machines.values():
        row = seen.known.failovers.get(job_id)
        vm = seen.known.contexts.get(row.vm_context_id) if row else None
        maker, state = seen.known.maker(job_id), seen.known.failover_state(job_id)
        holds, given_away = machine.id in holders, seen.known.is_given_away(job_id)
        verdict = judging.machine(machine.display_name, maker, state, holds_copies=holds, given_away=given_away)
        heal = partial(_discard_machine, deps, machine.id, config)
        if vm is None or seen.known.free(vm.context_id):
            sight.add(Place.CLOUDSTACK, verdict, (machine.id, machine.display_name), vm, heal)


def _volumes(deps: ReconcilerDeps, seen: CloudSeen, sight: Sight) -> None:
    for volume, config_id in seen.view.strays.values():
        job_id = job_of_volume(volume.name)
        maker, given_away = seen.known.maker(job_id), seen.known.is_given_away(job_id)
        verdict = judging.volume(volume.name, maker, attached=bool(volume.vm_id), given_away=given_away)
        heal = _run(partial(deps.failover.volumes.discard_stray, volume.id, config_id))
        sight.add(Place.CLOUDSTACK, verdict, (volume.id, volume.name), None, heal)


def _snapshots(deps: ReconcilerDeps, seen: CloudSeen, sight: Sight) -> None:
    recorded, volumes = {one.snapshot_id for one in seen.volumes}, {one.volume_id: one for one in seen.volumes}
    for snapshot, config_id in seen.view.snapshots.values():
        job_id = job_of_snapshot(snapshot.name)
        volume = volumes.get(snapshot.volume_id)
        vm = seen.known.contexts.get(volume.context_id) if volume else None
        if not job_id or snapshot.id in recorded or (vm and not seen.known.free(vm.context_id)):
            continue
        name = volume.name if volume else snapshot.name
        verdict = judging.snapshot(name, seen.known.maker(job_id), seen.known.failover_state(job_id))
        heal = _run(partial(deps.failover.volumes.discard_stray_snapshot, snapshot.id, snapshot.volume_id, config_id))
        sight.add(Place.CLOUDSTACK, verdict, (snapshot.id, snapshot.name), vm, heal)
    for one in seen.volumes:
        lost = one.snapshot_id is not None and one.snapshot_status != "lost" and one.snapshot_id not in seen.view.snapshots
        if lost and seen.known.free(one.context_id):
            sight.add(Place.CLOUDSTACK, SNAPSHOT_LOST, (one.volume_id, one.name), seen.known.contexts.get(one.context_id), None)


def _differences(deps: ReconcilerDeps, seen: CloudSeen, sight: Sight) -> None:
    volumes = {one.volume_id: one for one in seen.volumes}
    for difference in seen.view.differences:
        verdict, volume = DIFFERENCES.get(difference.what), volumes.get(difference.volume_id)
        if verdict is None or (volume and not seen.known.free(volume.context_id)):
            continue
        place = Place.APPLIANCE if verdict.what in _LOCAL else Place.CLOUDSTACK
        vm = seen.known.contexts.get(volume.context_id) if volume else None
        heal = _align(deps, difference.volume_id, recorded=volume is not None)
        sight.add(place, verdict, (difference.volume_id, volume.name if volume else difference.volume_id), vm, heal)


async def _failovers(deps: ReconcilerDeps, seen: CloudSeen, sight: Sight) -> None:
    for vm in seen.known.contexts.values():
        row = seen.known.newest_failover(vm.context_id)
        if vm.current_status not in _OPEN or row is None or vm.current_job_id is not None:
            continue
        verdict = judging.failover(
            vm.vm_name,
            vm.current_status,
            live=row.job_type == "live",
            has_machine=_has_machine(row, seen),
            has_run=row.guest_started_at is not None,
            source_runs=None,
        )
        sight.add(Place.CLOUDSTACK, verdict, (row.id, vm.vm_name), vm, partial(_clean_up, deps, vm))


def _align(deps: ReconcilerDeps, volume_id: str, *, recorded: bool) -> Healing:
    volumes = deps.failover.volumes
    return _run(partial(volumes.heal, [volume_id])) if recorded else _run(partial(volumes.forget_stray, volume_id))


def _has_machine(row: FailoverJobRow, seen: CloudSeen) -> bool:
    return row.destination_vm_id in seen.existing or any(job_id == row.id for _, job_id, _ in seen.machines.values())


async def _discard_machine(deps: ReconcilerDeps, machine_id: str, config: CloudConfig, run: Run) -> None:
    instances, volumes = deps.failover.clouds.instances(config), deps.failover.volumes
    await instances.stop(machine_id, run.id, graceful_s=0)
    if await volumes.root_of(machine_id, config) is None:
        await volumes.discard_root(machine_id, config, run.id)
    await instances.destroy(machine_id, run.id)


async def _clean_up(deps: ReconcilerDeps, vm: VmContext, run: Run) -> None:
    """The same cleanup that the operator starts, as a job of its own."""
    work = deps.failover
    if vm.current_status == VmState.TEST:
        started: JobRef = await requests.start_cleanup(work, vm.context_id)
    else:
        started = await requests.start_failed_cleanup(work, vm.context_id, StartFailedCleanup())
    job = await work.runner.wait(started.job_id)
    if job.status != JobStatus.COMPLETED:
        raise CLEANUP_FAILED(name=vm.vm_name, reason=str((job.error or {}).get("message", "it was cancelled.")), cause=job.id)


def _run(healing: Callable[[], Awaitable[object]]) -> Healing:
    """A healing that needs nothing of the job it is done in."""

    async def heal(run: Run) -> None:
        await healing()

    return heal
