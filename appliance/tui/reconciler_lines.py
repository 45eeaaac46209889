"""What differs from the records, as lines and facts (pure)."""

from __future__ import annotations

from datetime import datetime

from appliance.contract.reconciliation import FindingKind, Place, ReconcilerFinding, Reconciliation, Unseen
from appliance.tui import words
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

COLUMNS = (Column("What", 11), Column("Where", 10), Column("VM", 12), Column("Healing", 7), Column("Told"))
KINDS = {
    FindingKind.FOREIGN: "foreign",
    FindingKind.MISSING: "missing",
    FindingKind.LEFTOVER: "left over",
    FindingKind.WRONG_STATE: "wrong state",
}
PLACES = {Place.CLOUDSTACK: "CloudStack", Place.VCENTER: "vCenter", Place.APPLIANCE: "appliance"}
ORDER = (FindingKind.MISSING, FindingKind.WRONG_STATE, FindingKind.LEFTOVER, FindingKind.FOREIGN)
TONES = {FindingKind.MISSING: "bad", FindingKind.WRONG_STATE: "warning", FindingKind.LEFTOVER: "warning", FindingKind.FOREIGN: ""}


def records(seen: Reconciliation) -> dict[str, ReconcilerFinding | Unseen]:
    """What could not be looked at first, then the findings, the gravest first."""
    unseen: dict[str, ReconcilerFinding | Unseen] = {f"{one.place.value} {one.name}": one for one in seen.unseen}
    findings = sorted(seen.findings, key=lambda one: (ORDER.index(one.kind), one.vm_name, one.sentence))
    return unseen | {one.id: one for one in findings}


def line(key: str, one: ReconcilerFinding | Unseen) -> Row:
    """One line."""
    if isinstance(one, Unseen):
        return Row(key, ("not seen", PLACES[one.place], "", "", f"{one.name}: {one.problem}"), "bad")
    healing = "safe" if one.safe else "never" if one.kind is FindingKind.FOREIGN else "by hand"
    cells = (KINDS[one.kind], PLACES[one.place], one.vm_name, healing, one.sentence)
    return Row(key, cells, TONES[one.kind])


def facts(one: ReconcilerFinding | Unseen) -> list[Fact]:
    """All of it."""
    if isinstance(one, Unseen):
        told: Fact = ("Told", f"{one.name} could not be looked at: nothing is known of it, and nothing is healed there.", "bad")
        return [told, ("Why", one.problem)]
    found: list[Fact] = [("Told", one.sentence, TONES[one.kind])]
    if one.object_name and one.object_name not in one.sentence and one.object_name != one.vm_name:
        found.append(("Name", one.object_name))
    return [*found, ("If it is healed" if one.safe else "What to do", one.healing)]


def heading(title: str, seen: Reconciliation, now: datetime) -> str:
    """The title with what the last look said, how long ago that was, and whether something is under way."""
    if seen.running_job_id is not None:
        return f"{title} · comparing now …"
    if seen.at is None:
        return f"{title} · not compared yet"
    count = len(seen.findings)
    told = "nothing differs" if not count and not seen.unseen else f"{count} difference{'' if count == 1 else 's'}"
    return f"{title} · {told}, {words.ago(seen.at, now)}"
