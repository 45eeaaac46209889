"""What a thing that carries our mark is, told from the records alone (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.contexts import VmState
from appliance.contract.reconciliation import FindingKind
from appliance.volumes.reconcile import What

_NEEDED = ("completed", "cleanup_required", "finalised")
"""States of a failover whose machine and snapshots are meant to be there."""
NOTHING_TO_DO = "Nothing is done to it: it belongs to somebody else."


class Maker(StrEnum):
    """Who made a thing, as far as the records of this appliance say."""

    UNKNOWN = "unknown"
    UNDER_WAY = "under way"
    ENDED = "ended"


@dataclass(frozen=True)
class Verdict:
    """What is wrong with one thing, in the operator's words, what healing would do, and whether it may be done by itself."""

    kind: FindingKind
    what: str
    sentence: str
    healing: str
    safe: bool = False


def machine(name: str, maker: Maker, failover: str | None, *, holds_copies: bool, given_away: bool = False) -> Verdict | None:
    """A machine in CloudStack; `failover` is the state of the failover that made it.

    That record goes with its VM's, which is removed once it is migrated (`given_away`): the machine is then the operator's own.
    """
    if maker is Maker.UNKNOWN:
        return Verdict(
            FindingKind.FOREIGN,
            "machine_foreign",
            f"The machine {name} was made by a migration appliance, but not by this one.",
            NOTHING_TO_DO,
        )
    if maker is Maker.UNDER_WAY or failover in _NEEDED or (failover is None and given_away):
        return None
    sentence = f"The machine {name} was left behind by a failover that is over."
    if holds_copies:
        return Verdict(
            FindingKind.LEFTOVER,
            "machine_holds_copies",
            f"{sentence} It still holds copied disks.",
            "Detach these disks from it in CloudStack, then compare again.",
        )
    return Verdict(
        FindingKind.LEFTOVER, "machine_left", sentence, "The machine is switched off and deleted, with its own root disk.", safe=True
    )


def volume(name: str, maker: Maker, *, attached: bool, given_away: bool) -> Verdict | None:
    """A volume in CloudStack that is on no record; `given_away` when the VM it was made for is, or may be, migrated."""
    if maker is Maker.UNKNOWN:
        return Verdict(
            FindingKind.FOREIGN, "volume_foreign", f"The disk {name} was made by a migration appliance, but not by this one.", NOTHING_TO_DO
        )
    if maker is Maker.UNDER_WAY:
        return None
    if given_away:
        return None if attached else _given_away(name)
    sentence = f"The disk {name} was made by a job that has ended, and belongs to no VM."
    if attached:
        return Verdict(
            FindingKind.LEFTOVER,
            "volume_in_use",
            f"{sentence} It is attached to a machine.",
            "Detach it in CloudStack if nobody needs it there, then compare again.",
        )
    return Verdict(FindingKind.LEFTOVER, "volume_left", sentence, "The disk is deleted in CloudStack, with what is on it.", safe=True)


def _given_away(name: str) -> Verdict:
    return Verdict(
        FindingKind.LEFTOVER,
        "volume_given_away",
        f"The disk {name} was made for a VM that is no longer under management, and is attached to no machine.",
        "Nothing is done to it: it may be a disk of the migrated machine. Delete it in CloudStack if nobody needs it.",
    )


def snapshot(disk: str, maker: Maker, failover: str | None) -> Verdict | None:
    """A volume snapshot in CloudStack that is on no record."""
    if maker is Maker.UNKNOWN:
        return Verdict(
            FindingKind.FOREIGN,
            "snapshot_foreign",
            f"A snapshot of the disk {disk} was made by a migration appliance, but not by this one.",
            NOTHING_TO_DO,
        )
    if maker is Maker.UNDER_WAY or failover in _NEEDED:
        return None
    return Verdict(
        FindingKind.LEFTOVER,
        "snapshot_left",
        f"A snapshot of the disk {disk} was left behind by a job that has ended.",
        "The snapshot is deleted in CloudStack. The disk keeps its content.",
        safe=True,
    )


def source_snapshot(vm: str, maker: Maker) -> Verdict | None:
    """A snapshot in vCenter with the name of one of our jobs."""
    if maker is Maker.UNKNOWN:
        return Verdict(
            FindingKind.FOREIGN,
            "source_snapshot_foreign",
            f"A snapshot of {vm} in vCenter was made by a migration appliance, but not for a job of this one.",
            "Nothing is done to it: another appliance may be copying the VM.",
        )
    if maker is Maker.UNDER_WAY:
        return None
    return Verdict(
        FindingKind.LEFTOVER,
        "source_snapshot_left",
        f"A snapshot of {vm} in vCenter was left behind by a copy that has ended.",
        "The snapshot is removed in vCenter. The VM goes on running.",
        safe=True,
    )


def failover(vm: str, state: str, *, live: bool, has_machine: bool, has_run: bool, source_runs: bool | None) -> Verdict | None:
    """A VM with an open failover that no job holds; `source_runs` is None where that is not known."""
    if state == VmState.CLEANUP_REQUIRED:
        return _unclean(vm, asks=live and has_run)
    if state in (VmState.TEST, VmState.LIVE) and not has_machine:
        return Verdict(
            FindingKind.MISSING,
            "live_machine_missing" if live else "test_machine_missing",
            f"The new machine of {vm} is not in CloudStack any more.",
            f"Roll {vm} back: its disks return to their state before the failover." if live else f"The test of {vm} is cleaned up.",
            safe=not live,
        )
    if state == VmState.LIVE and source_runs:
        return Verdict(
            FindingKind.WRONG_STATE,
            "source_runs",
            f"{vm} was moved for good, but the old machine in vCenter is switched on: both may be in use.",
            "Switch one of the two off; then finalise the failover, or roll it back.",
        )
    return None


def _unclean(vm: str, *, asks: bool) -> Verdict:
    sentence = f"A failover of {vm}, or the way back from one, stopped half-way."
    if asks:
        return Verdict(
            FindingKind.WRONG_STATE,
            "cleanup_asks",
            f"{sentence} Its new machine has been started.",
            "Clean up the failed run from the VM's page: you are asked whether the new machine may be discarded.",
        )
    return Verdict(
        FindingKind.WRONG_STATE,
        "cleanup_required",
        sentence,
        "The failed run is cleaned up: its new machine is deleted and the copy goes back to its last consistent point.",
        safe=True,
    )


DIFFERENCES: dict[What, Verdict] = {
    What.VOLUME_LOST: Verdict(
        FindingKind.MISSING,
        "volume_lost",
        "The disk {volume} is not in CloudStack any more.",
        "Remove the VM from management and add it again: it is then copied in full.",
    ),
    What.ATTACHED_UNRECORDED: Verdict(
        FindingKind.WRONG_STATE,
        "attached_unrecorded",
        "The disk {volume} is attached to this appliance, and the records say it is not.",
        "The records are corrected.",
        safe=True,
    ),
    What.DETACHED_UNRECORDED: Verdict(
        FindingKind.WRONG_STATE,
        "detached_unrecorded",
        "The disk {volume} is attached to no machine, and the records say it is.",
        "The records are corrected.",
        safe=True,
    ),
    What.ATTACHED_ELSEWHERE: Verdict(
        FindingKind.WRONG_STATE,
        "attached_elsewhere",
        "The disk {volume} is attached to another machine than the records say.",
        "Detach it there in CloudStack, unless somebody needs it; then compare again.",
    ),
    What.DEVICE_MISSING: Verdict(
        FindingKind.MISSING,
        "device_missing",
        "CloudStack says that the disk {volume} is attached to this appliance, but it does not appear here.",
        "Detach it in CloudStack; the next copy attaches it again.",
    ),
    What.DEVICE_LEFT: Verdict(
        FindingKind.LEFTOVER,
        "device_left",
        "The disk {volume} still appears here, but CloudStack says that it is not attached.",
        "Restart this appliance when no job is under way.",
    ),
    What.LINK_MISSING: Verdict(
        FindingKind.MISSING, "link_missing", "The stable name of the disk {volume} is missing here.", "The name is made again.", safe=True
    ),
    What.EXPORT_MISSING: Verdict(
        FindingKind.MISSING,
        "export_missing",
        "The disk {volume} is attached here, but can't be read for local checks.",
        "It is offered for local checks again.",
        safe=True,
    ),
    What.EXPORT_LEFT: Verdict(
        FindingKind.LEFTOVER,
        "export_left",
        "The disk {volume} is still offered for local checks, but it is not attached here.",
        "It is no longer offered.",
        safe=True,
    ),
    What.STRAY_LINK: Verdict(
        FindingKind.LEFTOVER,
        "stray_link",
        "A name of a disk that this appliance does not know was left here.",
        "The name is removed.",
        safe=True,
    ),
}
"""What each difference of a recorded volume means."""
