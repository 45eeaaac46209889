"""Changed-block tracking of a VM: turning it on, and snapshots whose change ids can be relied on."""

from __future__ import annotations

from uuid import uuid4

from pyVmomi import vim

from appliance.vsphere import snapshots
from appliance.vsphere._tasks import finish
from appliance.vsphere.blockers import OLDEST_TRACKING_HARDWARE
from appliance.vsphere.faults import TRACKING_REFUSED
from appliance.vsphere.inventory import reference, vm
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import SnapshotRecord
from appliance.vsphere.spec import VmSpec


def refusal(spec: VmSpec) -> str | None:
    """Why tracking can't be turned on for this VM, as a sentence; None when it can."""
    if spec.hardware_version and spec.hardware_version < OLDEST_TRACKING_HARDWARE:
        return f"The VM has hardware version {spec.hardware_version}, and {OLDEST_TRACKING_HARDWARE} is needed."
    if not spec.tracking_supported:
        return "vCenter does not support it for this VM."
    if spec.snapshots:
        return f"The VM has a snapshot, {spec.snapshots[0].name}."
    return None


async def enable(vcenter: VCenter, moref: str) -> bool:
    """Turn tracking on, and make it take effect in a running VM by a snapshot that is removed at once.

    False when it was on already. Raises TRACKING_REFUSED, REFUSED.
    vSphere Web Services API: `changeTrackingEnabled` takes effect at power-on, resume, or a snapshot's creation or removal.
    """
    spec = await vm(vcenter, moref)
    if spec.tracking_enabled:
        return False
    reason = refusal(spec)
    if reason is not None:
        raise TRACKING_REFUSED(reason=reason)
    wanted = vim.vm.ConfigSpec(changeTrackingEnabled=True)
    await finish(vcenter, "turn changed-block tracking on", lambda content: reference(content, moref).ReconfigVM_Task(wanted))
    if spec.power_state == "poweredOn":
        stun = await snapshots.create(vcenter, moref, f"stun-{uuid4().hex[:12]}")
        await snapshots.remove(vcenter, moref, stun.moref)
    return True


async def tracked_snapshot(vcenter: VCenter, moref: str, job_id: str, quiesce: bool = False) -> SnapshotRecord:
    """This job's snapshot, made a second time if tracking is on but had not taken effect at the first.

    That happens when tracking was turned on without a stun: by somebody else, or by a run that was killed in between.
    """
    made = await snapshots.create(vcenter, moref, job_id, quiesce)
    if all(disk.change_id for disk in made.disks) or not (await vm(vcenter, moref)).tracking_enabled:
        return made
    await snapshots.remove(vcenter, moref, made.moref)
    return await snapshots.create(vcenter, moref, job_id, quiesce)
