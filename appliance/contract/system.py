"""The appliance as a machine: logs, support bundles, power."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.jobs import Wait
from appliance.contract.roles import Role
from appliance.contract.types import JobRef, KeptFile, SendTo

GZIP = "application/gzip"


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogEntry(OperatorModel):
    """One line of the appliance's log. `number` grows by one a line. A line that was written for a job names it."""

    number: int
    at: datetime
    level: Level
    source: str
    message: str
    job_id: str = ""
    correlation: str = ""


class LogPage(OperatorModel):
    """Lines in order of time; `last` is the number to ask on from."""

    entries: list[LogEntry]
    last: int


class Report(OperatorModel):
    """A line that another program of the appliance, the console, wants in the log."""

    level: Level
    message: Annotated[str, Field(min_length=1, max_length=20_000)]


class Bundle(KeptFile):
    """A support bundle that is ready."""


class PowerAction(StrEnum):
    """Restart the agent alone, restart the machine, or switch it off."""

    RESTART_AGENT = "restart_agent"
    RESTART = "restart"
    OFF = "off"


class AskMachine(OperatorModel):
    """What should happen to the machine."""

    action: PowerAction


class SystemApi(Api):
    """Logs, support bundles and power."""

    @route("GET", "/api/v1/logs")
    async def logs(
        self,
        after: int = -1,
        wait: Wait = 0.0,
        level: Level = Level.DEBUG,
        contains: Annotated[str, Field(max_length=500)] = "",
        limit: Annotated[int, Field(ge=1, le=2000)] = 500,
        job: Annotated[str, Field(max_length=255)] = "",
    ) -> LogPage:
        """The newest `limit` lines after number `after`, of this level or a graver one; waits so many seconds for one.

        `contains` is a text in them, `job` the id or the correlation id of a job. A page has at most a million characters.
        """
        raise NotImplementedError

    @route("POST", "/api/v1/logs", status=204, asks=True)
    async def report(self, body: Report) -> None:
        """Add a line."""
        raise NotImplementedError

    @route("POST", "/api/v1/support-bundle", status=202, costly=True)
    async def make_bundle(self) -> JobRef:
        """Pack logs, versions, states and settings, without secrets, for the vendor's support."""
        raise NotImplementedError

    @route("GET", "/api/v1/support-bundle")
    async def bundles(self) -> list[Bundle]:
        """The bundles that are ready, newest first; three are kept."""
        raise NotImplementedError

    @route("GET", "/api/v1/support-bundle/{name}", media=GZIP)
    async def bundle(self, name: str) -> bytes:
        """One bundle, to be saved as a file."""
        raise NotImplementedError

    @route("POST", "/api/v1/support-bundle/{name}/send", status=202, role=Role.ADMIN, costly=True)
    async def send_bundle(self, name: str, body: SendTo) -> JobRef:
        """Send a bundle to an https address, such as the vendor's support gives."""
        raise NotImplementedError

    @route("POST", "/api/v1/power", status=202)
    async def power(self, body: AskMachine) -> None:
        """Restart or switch off; running jobs stop where they are and go on after the start."""
        raise NotImplementedError
