"""vCenter against the records: our snapshots, the tracking of changes, and whether a source runs beside its successor."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from appliance.agent.reconciler import judging
from appliance.agent.reconciler.findings import Sight
from appliance.agent.reconciler.judging import Verdict
from appliance.agent.reconciler.known import Known, ReconcilerDeps, read
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.contract.inventory import AskVms, Vm
from appliance.contract.peer import AskSnapshotRemoval
from appliance.contract.reconciliation import FindingKind, Place, Unseen
from appliance.core.jobs import Run
from appliance.vsphere.snapshot_names import PREFIX, is_ours

_AT_ONCE = 200
"""VMs in one question."""


async def look(deps: ReconcilerDeps) -> Sight:
    """Look at every vCenter of VMs under management, through the appliance beside it."""
    sight = Sight()
    for (_, host), vms in _by_vcenter(await read(deps.failover.store)).items():
        try:
            seen = await _ask(deps, vms)
        except Fault as error:
            sight.unseen.append(Unseen(place=Place.VCENTER, name=host, problem=f"{error.message} {error.guidance}"))
            continue
        # Read after the look: whatever was made meanwhile has its job on record.
        known = await read(deps.failover.store)
        for vm in (known.contexts[one.context_id] for one in vms if one.context_id in known.contexts):
            _compare(deps, vm, seen.get(vm.vmware_vm_id), known, sight)
    return sight


def _by_vcenter(known: Known) -> dict[tuple[str, str], list[VmContext]]:
    found: dict[tuple[str, str], list[VmContext]] = defaultdict(list)
    for vm in known.contexts.values():
        if vm.current_status != VmState.MIGRATED:
            found[vm.peer_id, vm.vcenter_host].append(vm)
    return found


async def _ask(deps: ReconcilerDeps, vms: list[VmContext]) -> dict[str, Vm]:
    source = deps.failover.source
    found: dict[str, Vm] = {}
    for start in range(0, len(vms), _AT_ONCE):
        some = vms[start : start + _AT_ONCE]
        body = AskVms(access=await source.access(some[0]), vms=[one.vmware_vm_id for one in some])
        found |= (await source.vma(some[0].peer_id).vms(body)).vms
    return found


def _compare(deps: ReconcilerDeps, vm: VmContext, there: Vm | None, known: Known, sight: Sight) -> None:
    thing = (vm.context_id, vm.vm_name)
    if there is None:
        sight.add(Place.VCENTER, _gone(vm), thing, vm, None)
        return
    for name in filter(is_ours, there.snapshots):
        job_id = name.removeprefix(PREFIX)
        verdict = judging.source_snapshot(vm.vm_name, known.maker(job_id))
        sight.add(Place.VCENTER, verdict, (f"{vm.context_id}/{name}", name), vm, partial(_remove, deps, vm, job_id))
    if vm.current_job_id is None:
        sight.add(Place.VCENTER, _state(vm, there, known), thing, vm, None)


def _state(vm: VmContext, there: Vm, known: Known) -> Verdict | None:
    row = known.newest_failover(vm.context_id)
    if vm.current_status == VmState.LIVE and row is not None:
        runs = there.power_state != "poweredOff"
        return judging.failover(vm.vm_name, vm.current_status, live=True, has_machine=True, has_run=True, source_runs=runs)
    if there.tracking or not any((vm.consistent_point or {}).get("change_ids", {}).values()):
        return None
    return Verdict(
        FindingKind.WRONG_STATE,
        "tracking_off",
        f"Changes of {vm.vm_name} are no longer tracked in vCenter.",
        "The next copy turns the tracking on again, and copies everything.",
    )


def _gone(vm: VmContext) -> Verdict:
    return Verdict(
        FindingKind.MISSING,
        "source_missing",
        f"{vm.vm_name} is not in vCenter any more.",
        "If it was deleted, remove it from management. If it was moved to another vCenter, add it there.",
    )


async def _remove(deps: ReconcilerDeps, vm: VmContext, job_id: str, run: Run) -> None:
    source = deps.failover.source
    body = AskSnapshotRemoval(access=await source.access(vm), vm=vm.vmware_vm_id, job_id=job_id)
    await source.vma(vm.peer_id).remove_snapshot(body)
