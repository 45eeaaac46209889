"""Looking through a vCenter, and taking many VMs under management at once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.inventory import FolderList, VmLine
from appliance.contract.jobs import Problem
from appliance.contract.types import JobRef

MOST_AT_ONCE = 500
"""VMs that one request may add."""
MOST_SHOWN = 2000
"""VMs that one answer may show."""

Text = Annotated[str, Field(max_length=500)]
VmName = Annotated[str, Field(min_length=1, max_length=500)]
CredentialId = Annotated[int, Field(ge=1, lt=1 << 31)]


class AskFolders(OperatorModel):
    """Which vCenter to look into; without a credential the default one. What it told a minute ago is good enough unless `anew`."""

    credential_id: CredentialId | None = None
    anew: bool = False


class AskDiscovery(AskFolders):
    """Which VMs: in a folder or below it, in a cluster, with this in their names."""

    name_contains: Annotated[str, Field(max_length=200)] = ""
    folder: Text = ""
    cluster: Text = ""
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    limit: Annotated[int, Field(ge=1, le=MOST_SHOWN)] = 200


class FoundVm(VmLine):
    """A VM of a vCenter; `context_id` where it is under management."""

    context_id: str | None = None


class FoundVms(OperatorModel):
    """A page of what was found; `total` is on all pages, `at` when vCenter was looked at."""

    vms: list[FoundVm]
    total: int
    page: int = 1
    limit: int = MOST_SHOWN
    at: datetime | None = None


class AddVms(OperatorModel):
    """Which VMs to take under management, by vCenter id or inventory path: 500 at most. No copy is started."""

    credential_id: CredentialId | None = None
    vms: Annotated[list[VmName], Field(min_length=1)]


class Outcome(StrEnum):
    """`added`, `already_managed` (nothing was changed), `refused` (for a reason), or still `waiting`."""

    ADDED = "added"
    MANAGED = "already_managed"
    REFUSED = "refused"
    WAITING = "waiting"


class Addition(OperatorModel):
    """What became of one VM; `problem` says why it was refused."""

    vm: str
    outcome: Outcome
    context_id: str | None = None
    problem: Problem | None = None


class DiscoveryApi(Api):
    """What is in a vCenter, asked through the VMA beside it."""

    @route("POST", "/api/v1/discovery/vms", asks=True, costly=True)
    async def discover(self, body: AskDiscovery) -> FoundVms:
        """The VMs of a vCenter by path, a page at a time: what keeps each from being migrated, and which are under management."""
        raise NotImplementedError

    @route("POST", "/api/v1/discovery/folders", asks=True, costly=True)
    async def folders(self, body: AskFolders) -> FolderList:
        """The folders and clusters of a vCenter, with how many VMs each holds."""
        raise NotImplementedError

    @route("POST", "/api/v1/discovery/add", status=202)
    async def add_vms(self, body: AddVms) -> JobRef:
        """Take many VMs under management by one job; one that can't be does not keep the others from it."""
        raise NotImplementedError

    @route("GET", "/api/v1/discovery/add/{job_id}")
    async def additions(self, job_id: str) -> list[Addition]:
        """What became of each VM that such a job was asked to add."""
        raise NotImplementedError
