"""Checks of the source: the way there, and the VM as vCenter describes it now (pure)."""

from __future__ import annotations

from collections.abc import Callable

from appliance.contexts import specifications
from appliance.contract.checks import Check, failed, passed, warned
from appliance.contract.errors import Fault
from appliance.contract.inventory import Disk, Vm
from appliance.core.releases import work_together
from appliance.preflight.facts import Link
from appliance.tunnel.protocol import VERSIONS
from appliance.vsphere.snapshot_names import is_ours

Judge = Callable[[str, str, str], Check]
"""`failed` where nothing goes without the source, `warned` where it does."""
GIB = 1024**3
LOW, SCARCE = GIB, 0.1
"""Free bytes of a datastore below which no snapshot should be taken, and the part of the disks on it below which it is watched."""


def judge(needed: bool) -> Judge:
    """How to judge what keeps the source from being used."""
    return failed if needed else warned


def link_checks(link: Link | None, *, needed: bool) -> list[Check]:
    """Whether the appliance at the source can be reached, and speaks as this one does."""
    if link is None:
        return [warned("link", "Whether the appliance at the source can be reached is not known.", "Look again in a minute.")]
    flaw = judge(needed)
    if link.state == "held":
        guidance = "See the page of the paired appliances: two appliances use one identity. Release the right one."
        return [flaw("link", f"The appliance {link.name} at the source is held.", guidance)]
    if link.state != "paired":
        return [flaw("link", "The appliance at the source is no longer paired with this one.", "Pair it again.")]
    if not link.up:
        guidance = "Check that it runs and that it reaches this appliance's address; it comes back by itself."
        return [flaw("link", f"The appliance {link.name} at the source can't be reached.", guidance)]
    return [passed("link", f"The appliance {link.name} at the source answers."), _version(link, flaw)]


def _version(link: Link, flaw: Judge) -> Check:
    name = "peer-version"
    if link.protocol is None:
        return warned(name, f"The appliance {link.name} did not say which version it speaks.", "Look again in a minute.")
    if link.protocol not in VERSIONS:
        return flaw(name, f"The appliance {link.name} and this one do not speak a common version.", "Bring both to the same version.")
    if not work_together(link.release, link.our_release):
        told = f"The appliance {link.name} has version {link.release}, this one {link.our_release}: they are too far apart."
        return flaw(name, told, "Upgrade the older one; versions may be one step apart.")
    if link.release and link.our_release and link.release != link.our_release:
        guidance = "They work together; bring both to the same version when there is time."
        return warned(name, f"The appliance {link.name} has version {link.release}, this one {link.our_release}.", guidance)
    return passed(name, "Both appliances speak the same version.")


def source_checks(vm: Vm | Fault, *, needed: bool) -> list[Check]:
    """Whether the VM is there and can be copied."""
    flaw = judge(needed)
    if isinstance(vm, Fault):
        return [flaw("source", vm.message, vm.guidance)]
    there = passed("source", f"{vm.name} was found in vCenter; it is {_POWER.get(vm.power_state, vm.power_state)}.")
    return [there, _snapshots(vm, flaw), _disks(vm, flaw), _tracking(vm), *_room(vm, flaw)]


_POWER = {"poweredOn": "switched on", "poweredOff": "switched off", "suspended": "suspended"}


def _snapshots(vm: Vm, flaw: Judge) -> Check:
    name, foreign = "snapshots", [one for one in vm.snapshots if not is_ours(one)]
    if foreign:
        return flaw(name, f"{vm.name} has snapshots that are not the appliance's: {', '.join(foreign)}.", "Remove them in vCenter first.")
    if vm.snapshots:
        guidance = "If no copy of it is under way, the next one removes it."
        return warned(name, f"{vm.name} has a snapshot that the appliance made.", guidance)
    return passed(name, f"{vm.name} has no snapshots.")


def _disks(vm: Vm, flaw: Judge) -> Check:
    if vm.blockers:
        return flaw("disks", f"{vm.name} can't be copied as it is: {' '.join(vm.blockers)}", "Change this on the VM in vCenter first.")
    gib = sum(disk.capacity_bytes for disk in vm.disks) / GIB
    count = "1 disk" if len(vm.disks) == 1 else f"{len(vm.disks)} disks"
    return passed("disks", f"{count} with {gib:.1f} GiB can be copied.")


def _tracking(vm: Vm) -> Check:
    if vm.tracking:
        return passed("tracking", "vCenter keeps track of changed blocks.")
    guidance = "It is turned on with the next copy by itself; that copy reads all disks in full."
    return warned("tracking", f"vCenter does not keep track of the changed blocks of {vm.name} yet.", guidance)


def _room(vm: Vm, flaw: Judge) -> list[Check]:
    """One check for all datastores that tell what they have free: a snapshot grows there while a copy is made."""
    told = {one.name: one.free_bytes for one in vm.datastores}
    name, on_it = "datastore", {store: _on(vm.disks, store) for store in told}
    full = [store for store, free in told.items() if on_it[store] and free < LOW]
    scarce = [store for store, free in told.items() if on_it[store] and free < SCARCE * on_it[store]]
    if full:
        guidance = "Free some, or move disks: a snapshot that can't grow stops the VM."
        return [flaw(name, f"The datastore {', '.join(full)} has less than 1 GiB left.", guidance)]
    if scarce:
        guidance = "Free some: the snapshot grows there by what is written while a copy is made."
        return [warned(name, f"The datastore {', '.join(scarce)} has little room left for a snapshot.", guidance)]
    return [passed(name, "The datastores have room for a snapshot.")] if told else []


def _on(disks: list[Disk], store: str) -> int:
    return sum(disk.capacity_bytes for disk in disks if disk.datastore == store)


def power_check(vm: Vm | Fault) -> list[Check]:
    """What a live failover finds to switch off."""
    if isinstance(vm, Fault) or vm.power_state != "suspended":
        return []
    guidance = "Resume it and shut it down, so that what it has in memory is written to its disks."
    return [failed("power", f"{vm.name} is suspended in vCenter: what it has in memory would be lost.", guidance)]


def change_checks(vm: Vm | Fault, copied: Vm | None) -> list[Check]:
    """Whether the VM is still built as when it was copied last; that a copy turned its change tracking on is no change to it."""
    if isinstance(vm, Fault) or copied is None:
        return []
    changed = specifications.changes(copied.model_copy(update={"tracking": vm.tracking}), vm)
    if not changed:
        return [passed("specification", f"{vm.name} is built as it was when it was looked at last.")]
    guidance = "Copy it once more: the new machine is built as the VM was when it was copied last."
    return [warned("specification", f"{vm.name} has changed in vCenter. {' '.join(changed)}", guidance)]
