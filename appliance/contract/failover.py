"""Failover: test, live, and the ways back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import JobRef

Text = Annotated[str, Field(min_length=1, max_length=500)]
Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$")]


class Preparation(StrEnum):
    """Whether the copy gets the drivers of its new platform: where it needs them, in any case, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    SKIP = "skip"


class StartTest(OperatorModel):
    """A test failover. `networks` maps the source's networks to CloudStack networks; `network_id` takes those that are not mapped."""

    vm: Text
    networks: dict[Text, Id] = Field(default_factory=dict, max_length=100)
    network_id: Id | None = None
    preparation: Preparation = Preparation.AUTO


class StartLive(StartTest):
    """A live failover. The source is switched off when it has not shut down after `shutdown_seconds`."""

    shutdown_seconds: Annotated[int, Field(ge=1, le=3600)] = 180


class StartRollback(OperatorModel):
    """Back to the source; what was written on the new machine is lost."""

    vm: Text
    power_on_source: bool = False


class StartFinalise(OperatorModel):
    """End a live failover for good."""

    vm: Text


class StartFailedCleanup(OperatorModel):
    """Clean up a failover that stopped half-way. `discard_new_vm` is asked for where the new machine of a live failover has run."""

    discard_new_vm: bool = False
    power_on_source: bool = False


class FailoverJob(OperatorModel):
    """One failover, or one way back from it. `preparation` says what was done for the drivers, and why."""

    id: str
    vm_context_id: str
    job_type: str
    status: str
    destination_vm_id: str | None
    network_mappings: dict[str, str]
    preparation: dict[str, Any] | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class NetworkMapping(OperatorModel):
    """Where adapters on a source network go; the source network `*` stands for every one that has no mapping of its own."""

    source_network: Annotated[str, Field(min_length=1, max_length=255)]
    kind: Annotated[str, Field(pattern="^(test|production)$")]
    target_network_id: Id


class FailoverApi(Api):
    """Test and live failovers, cleanup, rollback and finalising. VMs are named by context id, or by a name that is unique."""

    @route("POST", "/api/v1/failover/test", status=202)
    async def failover_test(self, body: StartTest) -> JobRef:
        """Start a copy of the VM on an isolated network; the source goes on."""
        raise NotImplementedError

    @route("POST", "/api/v1/failover/live", status=202)
    async def failover_live(self, body: StartLive) -> JobRef:
        """Shut the source down, copy what changed, and start the new VM."""
        raise NotImplementedError

    @route("POST", "/api/v1/failover/rollback", status=202)
    async def rollback(self, body: StartRollback) -> JobRef:
        """Give the new VM up and go back to the source."""
        raise NotImplementedError

    @route("POST", "/api/v1/failover/finalise", status=202)
    async def finalise(self, body: StartFinalise) -> JobRef:
        """Keep the new VM for good; there is no rollback after it."""
        raise NotImplementedError

    @route("POST", "/api/v1/failover/{vm}/cleanup", status=202)
    async def cleanup(self, vm: str) -> JobRef:
        """End a test failover and bring the copy back to its last consistent point."""
        raise NotImplementedError

    @route("POST", "/api/v1/failover/{vm}/cleanup-failed", status=202)
    async def cleanup_failed(self, vm: str, body: StartFailedCleanup) -> JobRef:
        """Clean up after a failover, cleanup or rollback that stopped half-way."""
        raise NotImplementedError

    @route("GET", "/api/v1/failover/jobs/{job_id}")
    async def failover_job(self, job_id: str) -> FailoverJob:
        """One failover with its network mappings and what was done for the drivers."""
        raise NotImplementedError

    @route("GET", "/api/v1/failover/{vm}/networks")
    async def networks(self, vm: str) -> list[NetworkMapping]:
        """Where the adapters of the VM go."""
        raise NotImplementedError

    @route("PUT", "/api/v1/failover/{vm}/networks")
    async def set_networks(self, vm: str, body: list[NetworkMapping]) -> list[NetworkMapping]:
        """Say where the adapters of the VM go; replaces what was said before."""
        raise NotImplementedError
