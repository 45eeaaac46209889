"""Changed-block tracking of a VM: its state, and turning it on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from pyVmomi import vim

from appliance.vsphere import snapshots
from appliance.vsphere._tasks import finish
from appliance.vsphere.blockers import OLDEST_TRACKING_HARDWARE
from appliance.vsphere.faults import TRACKING_REFUSED
from appliance.vsphere.inventory import reference, vm
from appliance.vsphere.session import VCenter
from appliance.vsphere.spec import VmSpec


@dataclass(frozen=True)
class TrackingState:
    """`enabled` is the setting; `effective` whether every disk has a change id, which after turning it on takes a stun."""

    enabled: bool
    effective: bool


def state_of(spec: VmSpec) -> TrackingState:
    """The state in a VM's specification."""
    return TrackingState(spec.tracking_enabled, spec.tracking_enabled and all(disk.change_id or disk.independent for disk in spec.disks))


def refusal(spec: VmSpec) -> str | None:
    """Why tracking can't be turned on for this VM, as a sentence; None when it can."""
    if spec.hardware_version and spec.hardware_version < OLDEST_TRACKING_HARDWARE:
        return f"The VM has hardware version {spec.hardware_version}, and {OLDEST_TRACKING_HARDWARE} is needed."
    if not spec.tracking_supported:
        return "vCenter does not support it for this VM."
    if spec.snapshots:
        return f"The VM has a snapshot, {spec.snapshots[0].name}."
    return None


async def tracking_state(vcenter: VCenter, moref: str) -> TrackingState:
    """Whether changes of the VM's disks are tracked now."""
    return state_of(await vm(vcenter, moref))


async def enable(vcenter: VCenter, moref: str) -> TrackingState:
    """Turn tracking on, and make it take effect in a running VM by a snapshot that is removed at once.

    Raises TRACKING_REFUSED, REFUSED. vSphere Web Services SDK: `changeTrackingEnabled` takes effect at the next stun.
    """
    spec = await vm(vcenter, moref)
    if not spec.tracking_enabled:
        reason = refusal(spec)
        if reason is not None:
            raise TRACKING_REFUSED(reason=reason)
        wanted = vim.vm.ConfigSpec(changeTrackingEnabled=True)
        await finish(vcenter, "turn changed-block tracking on", lambda content: reference(content, moref).ReconfigVM_Task(wanted))
    if spec.power_state == "poweredOn" and not spec.snapshots and not state_of(spec).effective:
        stun = await snapshots.create(vcenter, moref, f"stun-{uuid4().hex[:12]}")
        await snapshots.remove(vcenter, moref, stun.moref)
    return await tracking_state(vcenter, moref)
