"""What a reconciler has found, for its screen."""

from __future__ import annotations

from typing import Any

from appliance.contract.reconciliation import FindingKind, Place, ReconcilerFinding, Reconciliation, Unseen
from tests.tui.stand_in import NOW


def finding(number: int, kind: FindingKind, sentence: str, healing: str, **changes: Any) -> ReconcilerFinding:
    """One in CloudStack, about no VM."""
    fields: dict[str, Any] = {
        "id": f"{number:016x}", "kind": kind, "what": "made_up", "place": Place.CLOUDSTACK, "object_id": f"id-{number}",
        "object_name": "", "vm_context_id": None, "vm_name": "", "sentence": sentence, "healing": healing, "safe": True,
    }  # fmt: skip
    return ReconcilerFinding(**{**fields, **changes})


MACHINE = finding(
    1, FindingKind.LEFTOVER, "The machine web01 (job-0199) was left behind by a failover that is over.",
    "The machine is switched off and deleted, with its own root disk.", vm_name="web01",
)  # fmt: skip
SNAPSHOT = finding(
    2, FindingKind.LEFTOVER, "A snapshot of web02 in vCenter was left behind by a copy that has ended.",
    "The snapshot is removed in vCenter. The VM goes on running.", place=Place.VCENTER, vm_name="web02",
)  # fmt: skip
STATE = finding(
    3, FindingKind.WRONG_STATE, "The disk web03-disk-2000 is attached to no machine, and the records say it is.",
    "The records are corrected.", vm_name="web03",
)  # fmt: skip
LOST = finding(
    4, FindingKind.MISSING, "The disk db01-disk-2001 is not in CloudStack any more.",
    "Remove the VM from management and add it again: it is then copied in full.", vm_name="db01", safe=False,
)  # fmt: skip
FOREIGN = finding(
    5, FindingKind.FOREIGN, "The machine mail (job-0177) was made by a migration appliance, but not by this one.",
    "Nothing is done to it: it belongs to somebody else.", safe=False,
)  # fmt: skip
PROGRAM = finding(
    6, FindingKind.LEFTOVER, "A program that worked on a disk still runs, though what it worked for is over.",
    "The program is ended. The disk is not touched.", place=Place.APPLIANCE,
)  # fmt: skip
AWAY = Unseen(place=Place.VCENTER, name="vc02.example.org", problem="The other appliance can't be reached. Check its tunnel.")


def seen(*findings: ReconcilerFinding, **changes: Any) -> Reconciliation:
    """A look just now."""
    fields: dict[str, Any] = {
        "at": NOW,
        "job_id": "job-1",
        "running_job_id": None,
        "findings": list(findings),
        "unseen": [],
        "outcomes": [],
    }
    return Reconciliation(**{**fields, **changes})


ALL = seen(FOREIGN, MACHINE, SNAPSHOT, STATE, LOST, PROGRAM)
FIRST = seen(at=None, job_id=None)
BUSY = seen(MACHINE, running_job_id="job-2")
PARTLY = seen(MACHINE, unseen=[AWAY])
