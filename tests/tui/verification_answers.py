"""Verifications for the screens that show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from appliance.contract.jobs import Problem
from appliance.contract.types import JobRef
from appliance.contract.verifications import (
    ByteRange,
    DiskVerification,
    Verification,
    VerificationMode,
    VerificationOutcome,
    VerificationReport,
)
from tests.tui import operation as op
from tests.tui.stand_in import NOW

MIB, GIB = 1 << 20, 1 << 30
STUCK = Problem(
    key="replication.source_stuck",
    message="Hard disk 2 could not be read: the source keeps failing.",
    guidance="Check vCenter and its hosts and datastores; then start the cycle again.",
)


def verification(number: int = 1, **changes: Any) -> Verification:
    """One in full of two disks, an hour ago for each number, that found nothing."""
    begun = NOW - timedelta(hours=number)
    found = Verification(
        id=f"job-{number}", vm_context_id=f"ctx-{number:04}", vm_name=f"web{number:02}", mode=VerificationMode.FULL,
        outcome=VerificationOutcome.SAME, planned_bytes=240 * GIB, checked_bytes=240 * GIB, different_bytes=0, repaired_bytes=0,
        problem=None, started_at=begun, ended_at=begun + timedelta(minutes=41),
    )  # fmt: skip
    return found.model_copy(update=changes)


def disk(number: int = 1, **changes: Any) -> DiskVerification:
    """A disk that is the same on both sides."""
    found = DiskVerification(
        disk_id=f"disk-{1999 + number}", label=f"Hard disk {number}", capacity_bytes=120 * GIB, planned_bytes=120 * GIB,
        checked_bytes=120 * GIB, different_bytes=0, repaired_bytes=0, different=[], outcome=VerificationOutcome.SAME, problem=None,
    )  # fmt: skip
    return found.model_copy(update=changes)


REPAIRED = {"outcome": VerificationOutcome.REPAIRED, "different_bytes": 3 * MIB, "repaired_bytes": 3 * MIB}
RANGES = [ByteRange(offset=20 * GIB, length=2 * MIB), ByteRange(offset=77 * GIB, length=MIB)]
FAILED = {"outcome": VerificationOutcome.DIFFERENT, "different_bytes": 3 * MIB, "repaired_bytes": 2 * MIB, "problem": STUCK}
BUSY = {"outcome": VerificationOutcome.RUNNING, "checked_bytes": 96 * GIB, "ended_at": None}


def several() -> list[Verification]:
    """One of each kind."""
    sampled = {"mode": VerificationMode.SAMPLED, "planned_bytes": 128 * MIB, "checked_bytes": 128 * MIB}
    incomplete = {"outcome": VerificationOutcome.INCOMPLETE, "checked_bytes": 80 * GIB, "problem": STUCK}
    return [
        verification(1, **BUSY),
        verification(2, **sampled),
        verification(3, **REPAIRED),
        verification(4, **FAILED),
        verification(5, **incomplete),
    ]


def report(**changes: Any) -> VerificationReport:
    """The report of one that repaired something."""
    base = verification(3, **REPAIRED).model_dump()
    found = VerificationReport(**base, disks=[disk(1), disk(2, **REPAIRED, different=RANGES)])
    return found.model_copy(update=changes)


def failed_report() -> VerificationReport:
    """The report of one that left something different."""
    return report(**FAILED, disks=[disk(1), disk(2, **FAILED, different=RANGES)])


def busy_report() -> VerificationReport:
    """The report of one that goes on."""
    return report(**BUSY, different_bytes=0, repaired_bytes=0, disks=[disk(1, outcome=VerificationOutcome.RUNNING, checked_bytes=48 * GIB)])


def answers(**changes: object) -> dict[str, object]:
    """An OMA that has verified."""
    vms = [op.vm(number) for number in range(1, 6)]
    known = {"verifications": several(), "verification": report(), "verify": JobRef(job_id="job-new")}
    return op.answers(*vms, **(known | changes))
