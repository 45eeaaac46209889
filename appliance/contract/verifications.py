"""Verification: whether the copy of a VM holds what its source held, block by block."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.jobs import Problem
from appliance.contract.types import JobRef

Limit = Annotated[int, Field(ge=1, le=500)]


class VerificationMode(StrEnum):
    """Every block, or a sample of each disk."""

    FULL = "full"
    SAMPLED = "sampled"


class VerificationOutcome(StrEnum):
    """What came of it. `different`: blocks differ that could not be repaired; the disk is copied in full by the next cycle."""

    RUNNING = "running"
    SAME = "same"
    REPAIRED = "repaired"
    DIFFERENT = "different"
    INCOMPLETE = "incomplete"


class StartVerification(OperatorModel):
    """Which VM is verified, and how. `vm` is a context id, or a name that is unique."""

    vm: Annotated[str, Field(min_length=1, max_length=255)]
    mode: VerificationMode = VerificationMode.FULL


class ByteRange(OperatorModel):
    """A range of a disk in bytes."""

    offset: int
    length: int


class DiskVerification(OperatorModel):
    """One disk, in bytes. `different` names the first ranges that were found to differ, repaired or not."""

    disk_id: str
    label: str
    capacity_bytes: int
    planned_bytes: int
    checked_bytes: int
    different_bytes: int
    repaired_bytes: int
    different: list[ByteRange]
    outcome: VerificationOutcome
    problem: Problem | None


class Verification(OperatorModel):
    """One verification; its id is that of its job. The bytes are of all disks together."""

    id: str
    vm_context_id: str
    vm_name: str
    mode: VerificationMode
    outcome: VerificationOutcome
    planned_bytes: int
    checked_bytes: int
    different_bytes: int
    repaired_bytes: int
    problem: Problem | None
    started_at: datetime
    ended_at: datetime | None


class VerificationReport(Verification):
    """One verification with its disks."""

    disks: list[DiskVerification]


class VerificationsApi(Api):
    """Comparing copies with their sources."""

    @route("GET", "/api/v1/verifications")
    async def verifications(
        self, vm: str | None = None, mode: VerificationMode | None = None, differing: bool | None = None, limit: Limit = 100
    ) -> list[Verification]:
        """Verifications, newest first; with `differing` only those that found something, or only those that did not."""
        raise NotImplementedError

    @route("GET", "/api/v1/verifications/{verification_id}")
    async def verification(self, verification_id: str) -> VerificationReport:
        """The report of one."""
        raise NotImplementedError

    @route("POST", "/api/v1/verifications", status=202)
    async def verify(self, body: StartVerification) -> JobRef:
        """Bring the copy up to date and compare it with its source; what differs is copied again."""
        raise NotImplementedError
