"""How verifications read in lists and on their pages; pure."""

from __future__ import annotations

from datetime import datetime

from appliance.contract.verifications import DiskVerification, Verification, VerificationMode, VerificationOutcome
from appliance.tui import words
from appliance.tui.job_lines import BAR, told, took, track
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

VERIFICATION_COLUMNS = (
    Column("VM"), Column("Compared", 12), Column("Outcome", 12), Column("Progress", BAR), Column("Differed", 10), Column("Started", 11),
    Column("Repaired", 10, 110), Column("Took", 11, 120), Column("Amount", 10, 140),
)  # fmt: skip
DISK_COLUMNS = (
    Column("Disk"), Column("Outcome", 12), Column("Progress", BAR), Column("Differed", 10), Column("Repaired", 10), Column("Size", 10, 100),
    Column("Where it differed", 0, 110),
)  # fmt: skip

MODES = {VerificationMode.FULL: "every block", VerificationMode.SAMPLED: "a sample"}
OUTCOMES = {
    VerificationOutcome.RUNNING: "under way",
    VerificationOutcome.SAME: "the same",
    VerificationOutcome.REPAIRED: "repaired",
    VerificationOutcome.DIFFERENT: "different",
    VerificationOutcome.INCOMPLETE: "incomplete",
}
TONES = {
    VerificationOutcome.SAME: "good",
    VerificationOutcome.REPAIRED: "warning",
    VerificationOutcome.INCOMPLETE: "warning",
    VerificationOutcome.DIFFERENT: "bad",
}
MEANINGS = {
    VerificationOutcome.RUNNING: "blocks are being compared",
    VerificationOutcome.SAME: "what was compared is the same on both sides",
    VerificationOutcome.REPAIRED: "something differed; it was copied again and is the same now",
    VerificationOutcome.DIFFERENT: "something differs still; the next copy of these disks is a full one, and until then no failover",
    VerificationOutcome.INCOMPLETE: "not everything could be compared; the copy is as it was",
}
PLACES = 5
"""Ranges that are named of a disk."""


def verification_row(one: Verification, now: datetime) -> Row:
    """One in the list."""
    cells = (
        one.vm_name,
        MODES[one.mode],
        OUTCOMES[one.outcome],
        track(_fraction(one), BAR),
        words.size(one.different_bytes) if one.different_bytes else "nothing",
        words.ago(one.started_at, now),
        words.size(one.repaired_bytes) if one.repaired_bytes else "",
        took(one.started_at, one.ended_at, now),
        words.size(one.checked_bytes),
    )
    return Row(one.id, cells, TONES.get(one.outcome, ""))


def verification_facts(one: Verification, now: datetime) -> list[Fact]:
    """The lines of a report."""
    compared = f"{words.size(one.checked_bytes)} of {words.size(one.planned_bytes)}, {MODES[one.mode]}"
    ended = f", ended {words.ago(one.ended_at, now)}" if one.ended_at else ""
    facts: list[Fact] = [
        ("VM", one.vm_name),
        ("Outcome", f"{OUTCOMES[one.outcome]}: {MEANINGS[one.outcome]}", TONES.get(one.outcome, "")),
        ("Compared", compared),
        ("Differed", f"{words.size(one.different_bytes)}, repaired {words.size(one.repaired_bytes)}" if one.different_bytes else "nothing"),
        ("Started", f"{words.moment(one.started_at)} UTC{ended}"),
    ]
    if one.problem is not None:
        facts += [("What happened", one.problem.message, TONES.get(one.outcome, "")), ("What to do", one.problem.guidance)]
    return facts


def disk_row(disk: DiskVerification) -> Row:
    """A disk of a report."""
    cells = (
        disk.label or disk.disk_id,
        OUTCOMES[disk.outcome],
        track(_fraction(disk), BAR),
        words.size(disk.different_bytes) if disk.different_bytes else "nothing",
        words.size(disk.repaired_bytes) if disk.repaired_bytes else "",
        words.size(disk.capacity_bytes),
        places(disk),
    )
    return Row(disk.disk_id, cells, TONES.get(disk.outcome, ""))


def places(disk: DiskVerification) -> str:
    """Where a disk differed, the first places of it."""
    named = [f"{words.size(one.length)} at {words.size(one.offset)}" for one in disk.different[:PLACES]]
    return ", ".join([*named, f"and {len(disk.different) - PLACES} more"] if len(disk.different) > PLACES else named)


def disk_text(disk: DiskVerification) -> str:
    """A disk in full."""
    lines = [
        f"{OUTCOMES[disk.outcome]}: {MEANINGS[disk.outcome]}.".capitalize(),
        f"Compared: {words.size(disk.checked_bytes)} of the disk's {words.size(disk.capacity_bytes)}.",
    ]
    if disk.different_bytes:
        lines.append(f"Differed: {words.size(disk.different_bytes)}, repaired: {words.size(disk.repaired_bytes)}.")
        lines += [f"  {words.size(one.length)} at byte {one.offset}" for one in disk.different]
    return "\n".join([*lines, *([told(disk.problem)] if disk.problem else [])])


def last_of_vm(found: list[Verification], now: datetime, *, short: bool) -> list[Fact]:
    """What a VM's page says of its last verification; where the terminal is low (`short`), only what is not as it should be."""
    if not found or (short and found[0].outcome in (VerificationOutcome.SAME, VerificationOutcome.RUNNING)):
        return []
    one = found[0]
    differed = f", {words.size(one.different_bytes)} differed" if one.different_bytes else ""
    text = f"{OUTCOMES[one.outcome]}{differed} ({MODES[one.mode]}, {words.ago(one.started_at, now)})"
    return [("Verification", text, TONES.get(one.outcome, ""))]


def _fraction(one: Verification | DiskVerification) -> float:
    if one.outcome not in (VerificationOutcome.RUNNING, VerificationOutcome.INCOMPLETE):
        return 1.0
    return one.checked_bytes / one.planned_bytes if one.planned_bytes else 0.0
