"""This appliance against the records: programs that outlived what they worked for."""

from __future__ import annotations

from functools import partial

from appliance.agent.reconciler.findings import Sight
from appliance.agent.reconciler.judging import Maker, Verdict
from appliance.agent.reconciler.known import Known, ReconcilerDeps, read
from appliance.contract.reconciliation import FindingKind, Place
from appliance.core.jobs import Run

LEFT = Verdict(
    FindingKind.LEFTOVER,
    "program_left",
    "A program that worked on a disk still runs, though what it worked for is over.",
    "The program is ended. The disk is not touched.",
    safe=True,
)


async def look(deps: ReconcilerDeps) -> Sight:
    """Look at the programs of this appliance that work on disks."""
    sight, owners = Sight(), deps.children.owners()
    known, living = await read(deps.failover.store), deps.living()
    for owner in sorted(owners):
        if is_left(owner, living, known):
            sight.add(Place.APPLIANCE, LEFT, (owner, ""), None, partial(_end, deps, owner))
    return sight


def is_left(owner: str, living: set[str], known: Known) -> bool:
    """Whether nothing needs the program of this owner any more (pure)."""
    kind, _, rest = owner.partition("/")
    if kind == "disk":
        return owner not in living
    return kind == "preparation" and known.maker(rest.strip("/")) is not Maker.UNDER_WAY


async def _end(deps: ReconcilerDeps, owner: str, run: Run) -> None:
    await deps.children.end(owner)
