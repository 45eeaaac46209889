"""A VM's specification: what changed between two looks at it, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts.models import SeenSpecification, VmContext
from appliance.contract.inventory import Disk, Nic, Vm

ADDED, REDISCOVERED = "added", "rediscovered"
_GIB, _MIB = 1 << 30, 1 << 20
Part = TypeVar("Part", Disk, Nic)


def stored(specification: Mapping[str, Any]) -> Vm | None:
    """A specification as it was stored; None where nothing usable was."""
    try:
        return Vm.model_validate(specification) if specification else None
    except ValidationError:
        return None


def changes(before: Vm, after: Vm) -> list[str]:
    """What changed, each in a sentence. What comes and goes by itself (power, addresses, snapshots) is left out."""
    found = [f"{title}: {show(before)} became {show(after)}." for title, show in _SHOWN if show(before) != show(after)]
    found += _parts(before.disks, after.disks, lambda disk: disk.disk_id, _disk_changes)
    return found + _parts(before.nics, after.nics, lambda nic: nic.mac or nic.label, _nic_changes)


def renew(context: VmContext, vm: Vm) -> list[str]:
    """Keep what vCenter says now; returns what changed, in sentences."""
    before = stored(context.specification)
    found = changes(before, vm) if before is not None else []
    context.specification = vm.model_dump()
    context.vm_name, context.vm_path, context.datacenter = vm.name, vm.path, vm.datacenter
    return found


def note(session: AsyncSession, context_id: str, origin: str, vm: Vm, job_id: str | None = None) -> None:
    """Keep a specification that was seen outside a cycle."""
    session.add(SeenSpecification(vm_context_id=context_id, origin=origin, job_id=job_id, specification=vm.model_dump()))


def in_words(found: Sequence[str]) -> str:
    """Changes as one line of a log."""
    return f"The VM has changed in vCenter. {' '.join(found)}"


def size(count: int) -> str:
    """Bytes as people read them."""
    if count >= _GIB:
        return f"{count / _GIB:.1f}".removesuffix(".0") + " GiB"
    return f"{count / _MIB:.1f}".removesuffix(".0") + " MiB"


def _firmware(vm: Vm) -> str:
    return f"{'UEFI' if vm.firmware == 'efi' else vm.firmware.upper()}{' with secure boot' if vm.secure_boot else ''}"


_SHOWN: tuple[tuple[str, Callable[[Vm], str]], ...] = (
    ("Name", lambda vm: vm.name),
    ("Place", lambda vm: vm.path.rpartition("/")[0]),
    ("CPUs", lambda vm: str(vm.cpus)),
    ("Memory", lambda vm: size(vm.memory_mib * _MIB)),
    ("Guest system", lambda vm: vm.guest_name or vm.guest_id or "not known"),
    ("Firmware", _firmware),
    ("Change tracking", lambda vm: "on" if vm.tracking else "off"),
)


def _parts(
    before: Sequence[Part], after: Sequence[Part], identity: Callable[[Part], str], compare: Callable[[Part, Part], list[str]]
) -> list[str]:
    old, new = {identity(one): one for one in before}, {identity(one): one for one in after}
    found = [_gone(one) for key, one in old.items() if key not in new]
    found += [_new(one) for key, one in new.items() if key not in old]
    return found + [sentence for key, one in new.items() if key in old for sentence in compare(old[key], one)]


def _new(part: Disk | Nic) -> str:
    if isinstance(part, Disk):
        return f"{part.label} ({size(part.capacity_bytes)}) is new."
    return f"{part.label} on the network {part.network or 'none'} is new."


def _gone(part: Disk | Nic) -> str:
    return f"{part.label} is gone."


def _disk_changes(before: Disk, after: Disk) -> list[str]:
    shown: tuple[tuple[str, str, str], ...] = (
        ("is called", before.label, after.label),
        ("has", size(before.capacity_bytes), size(after.capacity_bytes)),
        ("is on the datastore", before.datastore, after.datastore),
        ("is in the mode", before.mode, after.mode),
    )
    return _differing(after.label, shown)


def _nic_changes(before: Nic, after: Nic) -> list[str]:
    shown: tuple[tuple[str, str, str], ...] = (
        ("is on the network", before.network or "none", after.network or "none"),
        ("is of the kind", before.model, after.model),
        ("connects at power-on:", _yes(before.start_connected), _yes(after.start_connected)),
    )
    return _differing(after.label, shown)


def _differing(label: str, shown: Sequence[tuple[str, str, str]]) -> list[str]:
    return [f"{label} {verb} {now}; before: {then}." for verb, then, now in shown if then != now]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
