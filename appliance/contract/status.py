"""Health and status of one appliance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from appliance.contract.api import Api, OperatorModel, route


class Part(OperatorModel):
    """One part of the appliance: `ok`, `degraded` or `failed`, with a sentence."""

    state: str
    detail: str = ""


class Health(OperatorModel):
    """The whole is as good as its worst part."""

    state: str
    parts: dict[str, Part]


class Tunnel(OperatorModel):
    """The tunnel to one other appliance. `met` tells whether that one came here just now, or was reached, be the tunnel up or not."""

    peer_id: str
    peer_name: str
    up: bool
    since: str | None = None
    last_error: str = ""
    met: bool = False


class Failure(OperatorModel):
    """The last job that failed, until a later one of its kind and VM succeeds."""

    at: datetime
    job_id: str
    title: str
    message: str
    guidance: str


class Status(OperatorModel):
    """What the idle screen shows. `addresses` are this machine's, without loopback and link-local ones; `url` is empty on a VMA."""

    appliance_id: str
    name: str
    role: str
    version: str
    host_name: str
    addresses: list[str]
    url: str
    certificate_fingerprint: str
    boot_id: str
    started_at: datetime
    tunnels: list[Tunnel]
    last_failure: Failure | None


class StatusApi(Api):
    """Health, status and the description of the API."""

    @route("GET", "/health")
    async def root_health(self) -> Health:
        """How each part of the appliance is."""
        raise NotImplementedError

    @route("GET", "/api/v1/health")
    async def health(self) -> Health:
        """How each part of the appliance is."""
        raise NotImplementedError

    @route("GET", "/api/v1/status")
    async def status(self) -> Status:
        """Who this appliance is and whom it is connected to."""
        raise NotImplementedError

    @route("GET", "/api/v1/openapi.json")
    async def openapi(self) -> dict[str, Any]:
        """The description of this API."""
        raise NotImplementedError
