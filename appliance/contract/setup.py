"""First set-up: the wizard's place, and the console's password."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.provided import Provided
from appliance.contract.types import Secret

Password = Annotated[Secret, Field(max_length=256)]


class Stage(StrEnum):
    """The steps of the first set-up, in order."""

    WELCOME = "welcome"
    NETWORK = "network"
    PAIRING = "pairing"
    DONE = "done"


class Setup(OperatorModel):
    """Where the wizard stands. `wait_seconds` is how long no password is taken after too many wrong ones."""

    stage: Stage
    password_set: bool
    wait_seconds: float


class SetStage(OperatorModel):
    """The step that comes next."""

    stage: Stage


class SetPassword(OperatorModel):
    """A new password of the console (10 characters at least); `current` is needed where there is one already."""

    current: Password | None = None
    new: Password


class Unlock(OperatorModel):
    """The console's password."""

    password: Password


class SetupApi(Api):
    """First set-up and the console's password."""

    @route("GET", "/api/v1/setup")
    async def setup(self) -> Setup:
        """Where the wizard stands."""
        raise NotImplementedError

    @route("GET", "/api/v1/setup/provided")
    async def provided(self) -> Provided:
        """What was given at deployment for the set-up's fields. It is looked for once somebody asks, and until the set-up is done."""
        raise NotImplementedError

    @route("PUT", "/api/v1/setup")
    async def set_stage(self, body: SetStage) -> Setup:
        """Remember the step that comes next; it is there again after a power cut."""
        raise NotImplementedError

    @route("PUT", "/api/v1/setup/password")
    async def set_password(self, body: SetPassword) -> Setup:
        """Set or change the console's password."""
        raise NotImplementedError

    @route("POST", "/api/v1/setup/unlock")
    async def unlock(self, body: Unlock) -> Setup:
        """Whether this is the console's password; after five wrong ones there is a growing wait."""
        raise NotImplementedError
