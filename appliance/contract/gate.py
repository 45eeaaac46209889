"""The vendor's shell: closed until the vendor's answer opens it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, SecretStr

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import Secret

Password = Annotated[Secret, Field(max_length=256)]


class GateState(StrEnum):
    """No vendor key is built in; closed; a challenge is shown; too many wrong answers; open for one shell; a shell runs."""

    ABSENT = "absent"
    CLOSED = "closed"
    CHALLENGE = "challenge"
    WAITING = "waiting"
    OPEN = "open"
    RUNNING = "running"


class Gate(OperatorModel):
    """How the gate stands. Times left are in seconds."""

    state: GateState
    challenge: str
    challenge_seconds: float
    tries_left: int
    wait_seconds: float
    open_seconds: float
    password_required: bool


class OpenGate(OperatorModel):
    """The vendor's answer to the challenge, with or without spaces, and the gate's password where one is set."""

    answer: Annotated[str, Field(max_length=1000)]
    password: Password = SecretStr("")


class Opened(OperatorModel):
    """The gate is open: `ticket` is taken once, on the socket `socket`, within `seconds`."""

    ticket: Secret
    socket: str
    seconds: float


class GatePassword(OperatorModel):
    """A password that is asked for besides the vendor's answer; an empty `new` removes it."""

    current: Password = SecretStr("")
    new: Password


class AuditEvent(OperatorModel):
    """Something that was done, tried or refused, kept for later. `origin` is where it was asked from: `console`, or an address."""

    at: datetime
    actor: str
    action: str
    result: str
    detail: str
    origin: str = ""


class GateApi(Api):
    """The vendor's shell."""

    @route("GET", "/api/v1/shell-gate")
    async def gate(self) -> Gate:
        """How the gate stands."""
        raise NotImplementedError

    @route("POST", "/api/v1/shell-gate/challenge")
    async def challenge(self) -> Gate:
        """Make a challenge and show it; an earlier one is void."""
        raise NotImplementedError

    @route("POST", "/api/v1/shell-gate/open")
    async def open_gate(self, body: OpenGate) -> Opened:
        """Open the gate for one shell, if the answer is the vendor's."""
        raise NotImplementedError

    @route("POST", "/api/v1/shell-gate/close")
    async def close_gate(self) -> Gate:
        """Close the gate; a shell that runs ends."""
        raise NotImplementedError

    @route("PUT", "/api/v1/shell-gate/password")
    async def set_gate_password(self, body: GatePassword) -> Gate:
        """Ask for a password besides, or no longer."""
        raise NotImplementedError

    @route("GET", "/api/v1/audit")
    async def audit(self, limit: Annotated[int, Field(ge=1, le=1000)] = 100) -> list[AuditEvent]:
        """What was done, newest first."""
        raise NotImplementedError
