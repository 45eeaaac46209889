"""Findings as the reconciler handles them: what is told, and how it would be healed."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from appliance.agent.reconciler.judging import Verdict
from appliance.contexts import VmContext
from appliance.contract.reconciliation import Place, ReconcilerFinding, Unseen
from appliance.core.jobs import Run

Healing = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True)
class Found:
    """One finding, and what heals it where that is safe."""

    finding: ReconcilerFinding
    heal: Healing | None


@dataclass
class Sight:
    """What was found in one place, or why it could not be looked at."""

    found: list[Found] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)

    def add(self, place: Place, verdict: Verdict | None, thing: tuple[str, str], vm: VmContext | None, heal: Healing | None) -> None:
        """Take over a verdict, if there is one, about a thing (its id and name) of a VM."""
        if verdict is None:
            return
        object_id, name = thing
        finding = ReconcilerFinding(
            id=finding_id(place, verdict.what, object_id),
            kind=verdict.kind,
            what=verdict.what,
            place=place,
            object_id=object_id,
            object_name=name,
            vm_context_id=vm.context_id if vm else None,
            vm_name=vm.vm_name if vm else "",
            sentence=verdict.sentence.replace("{volume}", name),
            healing=verdict.healing,
            safe=verdict.safe and heal is not None,
        )
        self.found.append(Found(finding, heal if verdict.safe else None))


def finding_id(place: Place, what: str, object_id: str) -> str:
    """The same as long as the difference is the same."""
    return hashlib.sha256(f"{place}/{what}/{object_id}".encode()).hexdigest()[:16]
