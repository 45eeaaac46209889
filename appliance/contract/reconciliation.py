"""Reconciliation: what there is in CloudStack, in vCenter and on this appliance against what the records say."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import JobRef


class FindingKind(StrEnum):
    """What can be wrong: not ours though it looks so, recorded and not there, there and not needed, or not as recorded."""

    FOREIGN = "foreign"
    MISSING = "missing"
    LEFTOVER = "leftover"
    WRONG_STATE = "wrong_state"


class Place(StrEnum):
    """Where it was seen."""

    CLOUDSTACK = "cloudstack"
    VCENTER = "vcenter"
    APPLIANCE = "appliance"


class ReconcilerFinding(OperatorModel):
    """One difference. `healing` says what healing would do, or what a person can; only what is `safe` is healed by itself.

    The id stays the same as long as the difference does.
    """

    id: str
    kind: FindingKind
    what: str
    place: Place
    object_id: str
    object_name: str
    vm_context_id: str | None
    vm_name: str
    sentence: str
    healing: str
    safe: bool


class Unseen(OperatorModel):
    """A place that could not be looked at: nothing is known of it, and nothing is healed there."""

    place: Place
    name: str
    problem: str


class HealingOutcome(OperatorModel):
    """What became of one finding that was chosen."""

    finding: str
    sentence: str
    healed: bool
    told: str


class Reconciliation(OperatorModel):
    """The last look. `at` is None before the first; `running_job_id` is the one under way; `outcomes` are those of the last healing."""

    at: datetime | None
    job_id: str | None
    running_job_id: str | None
    findings: list[ReconcilerFinding]
    unseen: list[Unseen]
    outcomes: list[HealingOutcome]


class Heal(OperatorModel):
    """The findings to heal, by id."""

    findings: Annotated[list[Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]], Field(min_length=1, max_length=200)]


class ReconciliationApi(Api):
    """Comparing the records with what there is."""

    @route("GET", "/api/v1/reconciliation")
    async def reconciliation(self) -> Reconciliation:
        """What the last look found."""
        raise NotImplementedError

    @route("POST", "/api/v1/reconciliation", status=202)
    async def look(self) -> JobRef:
        """Look once more; nothing is changed."""
        raise NotImplementedError

    @route("POST", "/api/v1/reconciliation/heal", status=202)
    async def heal(self, body: Heal) -> JobRef:
        """Heal what was chosen and is safe; each finding is looked at once more before."""
        raise NotImplementedError
