"""How VMs of a vCenter, their places and their history read; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from appliance.contract.discovery import Addition, FoundVm, Outcome
from appliance.contract.inventory import FolderList
from appliance.contract.management import Specification
from appliance.tui import words
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

FOUND_COLUMNS = (
    Column("", 3), Column("VM"), Column("CPUs", 4), Column("Memory", 9), Column("Disks", 5), Column("Size", 9), Column("Power", 5),
    Column("State", 13), Column("Cluster", 16, 110), Column("Guest", 26, 140), Column("Folder", 0, 120),
)  # fmt: skip
ADDED_COLUMNS = (Column("VM"), Column("Outcome", 15), Column("Reason"))
SEEN_COLUMNS = (
    Column("When", 19), Column("Seen", 11), Column("CPUs", 4), Column("Memory", 9), Column("Disks", 5), Column("NICs", 4),
    Column("Changed"), Column("Guest", 26, 140),
)  # fmt: skip
POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "susp."}
ORIGINS = {"cycle": "by a copy", "added": "when added", "rediscovered": "by a look"}
OUTCOMES = {
    Outcome.ADDED: ("added", "good"), Outcome.MANAGED: ("managed already", ""), Outcome.REFUSED: ("refused", "bad"),
    Outcome.WAITING: ("waiting", ""),
}  # fmt: skip
EVERYWHERE = ""
_MIB = 1 << 20


def addable(vm: FoundVm) -> bool:
    """Whether it can be taken under management."""
    return vm.context_id is None and not vm.blockers


def state(vm: FoundVm) -> str:
    """What it is to this appliance, in a word."""
    return "managed" if vm.context_id is not None else "can't move" if vm.blockers else ""


def found_row(vm: FoundVm, marked: Collection[str]) -> Row:
    """A VM in the list."""
    cells = (
        "[x]" if vm.moref in marked else "[ ]" if addable(vm) else "",
        vm.name,
        str(vm.cpus),
        words.size(vm.memory_mib * _MIB),
        str(vm.disk_count),
        words.size(vm.capacity_bytes),
        POWER.get(vm.power_state, vm.power_state),
        state(vm),
        vm.cluster,
        vm.guest_name,
        vm.folder,
    )
    return Row(vm.moref, cells, "good" if vm.context_id is not None else "warning" if vm.blockers else "")


def matches(vm: FoundVm, wanted: str) -> bool:
    """Whether every word that was typed is in its name, guest, folder, cluster or state."""
    text = f"{vm.name} {vm.guest_name} {vm.folder} {vm.cluster} {state(vm)}".casefold()
    return all(word in text for word in wanted.casefold().split())


def found_facts(vm: FoundVm) -> list[Fact]:
    """All about one VM of a vCenter, and why it can't be migrated."""
    networks = ", ".join(vm.networks) or "none"
    disks = f"{vm.disk_count} with {words.size(vm.capacity_bytes)}; {words.size(vm.storage_bytes)} are taken up now"
    facts: list[Fact] = [
        ("Place", vm.path),
        ("Cluster", vm.cluster or "not known"),
        ("Guest", vm.guest_name or "not known"),
        ("Power", POWER.get(vm.power_state, vm.power_state)),
        ("CPUs, memory", f"{vm.cpus}, {words.size(vm.memory_mib * _MIB)}"),
        ("Disks", disks),
        ("Networks", networks),
        ("Tracking", "changed blocks are tracked" if vm.tracking else "off; it is turned on with the first copy"),
    ]
    if vm.context_id is not None:
        facts.append(("Management", "it is under management already", "good"))
    elif not vm.blockers:
        facts.append(("Migration", "nothing is in the way", "good"))
    return facts + [("In the way" if number == 0 else "", sentence, "bad") for number, sentence in enumerate(vm.blockers)]


def places(found: FolderList) -> list[tuple[str, str, str]]:
    """Folders and clusters to choose from: key, name, how many VMs."""
    options = [(EVERYWHERE, "Everywhere", count(found.total))]
    options += [(f"folder {folder.path}", folder.path, count(folder.total)) for folder in found.folders]
    return options + [(f"cluster {one.name}", f"{one.name} (cluster in {one.datacenter})", count(one.vms)) for one in found.clusters]


def narrowed(place: str) -> dict[str, str]:
    """What a chosen place asks for: a folder or a cluster."""
    kind, _, name = place.partition(" ")
    return {kind: name} if kind else {}


def place_name(place: str) -> str:
    """A place in the line above the list."""
    kind, _, name = place.partition(" ")
    return f"{kind} {name}" if kind else "everywhere"


def count(number: int) -> str:
    """So many VMs."""
    return "1 VM" if number == 1 else f"{number} VMs"


def headline(where: str, place: str, total: int, at: datetime | None, now: datetime) -> str:
    """The line above the list: where, how many, and how old it is."""
    return f"{where}, {place_name(place)}: {count(total)}" + (f", seen {words.ago(at, now)}" if at else "")


def added_row(one: Addition, name: str) -> Row:
    """What became of a VM that was to be added."""
    word, tone = OUTCOMES[one.outcome]
    return Row(one.vm, (name, word, one.problem.message if one.problem else ""), tone)


def added_summary(found: Iterable[Addition]) -> str:
    """How many were added and how many not."""
    outcomes = [one.outcome for one in found]
    parts = [f"{outcomes.count(outcome)} {word}" for outcome, (word, _) in OUTCOMES.items() if outcome in outcomes]
    return f"{count(len(outcomes))}: {', '.join(parts)}" if parts else ""


def seen_row(one: Specification, key: str) -> Row:
    """A VM as it was at a time."""
    cells = (
        words.moment(one.at),
        ORIGINS.get(one.origin, one.origin),
        str(one.cpus),
        words.size(one.memory_mib * _MIB),
        str(len(one.disks)),
        str(len(one.nics)),
        " ".join(one.changes) or "–",
        one.guest_name,
    )
    return Row(key, cells, "warning" if one.changes else "")


def seen_facts(one: Specification) -> list[Fact]:
    """All that is known of a VM at a time."""
    firmware = "UEFI" if one.firmware == "efi" else one.firmware.upper()
    disks = [f"{disk.label}: {words.size(disk.capacity_bytes)} on {disk.datastore}, {disk.provisioning}" for disk in one.disks]
    nics = [f"{nic.label}: {nic.network or 'no network'}, {nic.model}, {nic.mac}" for nic in one.nics]
    return [
        ("Seen", f"{words.moment(one.at)} UTC, {ORIGINS.get(one.origin, one.origin)}"),
        ("Place", one.path),
        ("Guest", f"{one.guest_name or 'not known'}, {firmware}{' with secure boot' if one.secure_boot else ''}"),
        *_lines("Disks", disks),
        *_lines("Networks", nics),
        *[(label, sentence, "warning") for label, sentence in _lines("Changed", one.changes or ["nothing since the time before"])],
        *[(label, sentence, "bad") for label, sentence in _lines("In the way", one.blockers)],
    ]


def _lines(label: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(label if number == 0 else "", text) for number, text in enumerate(texts)]
