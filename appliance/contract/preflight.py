"""Looking before something is done: whether a VM can be protected, tested or moved, and what to do where it can't."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.checks import Check, CheckState
from appliance.contract.failover import StartTest

Text = Annotated[str, Field(min_length=1, max_length=500)]
Id = Annotated[int, Field(ge=1, lt=10**9)]


class FailoverKind(StrEnum):
    """Which failover is looked at."""

    TEST = "test"
    LIVE = "live"


class AskFailover(StartTest):
    """A failover as it would be asked for."""

    kind: FailoverKind


class AskProtection(OperatorModel):
    """A VM as it would be protected; without `credential_id` by the default login, without `ossea_config_id` with the active one."""

    vm_path: Text
    credential_id: Id | None = None
    ossea_config_id: int | None = None


class Preflight(OperatorModel):
    """What was looked at; `ok` while nothing failed. With a failed check the operation is refused."""

    ok: bool
    checks: list[Check]

    @classmethod
    def of(cls, checks: Sequence[Check]) -> Self:
        """These checks, and whether none failed."""
        return cls(ok=all(one.state is not CheckState.FAIL for one in checks), checks=list(checks))


class PreflightApi(Api):
    """Looks before something is done; nothing is changed by looking."""

    @route("POST", "/api/v1/failover/preflight", asks=True, costly=True)
    async def preflight_failover(self, body: AskFailover) -> Preflight:
        """Whether a failover of this VM can be started."""
        raise NotImplementedError

    @route("POST", "/api/v1/replications/preflight", asks=True, costly=True)
    async def preflight_protection(self, body: AskProtection) -> Preflight:
        """Whether this VM of a vCenter can be protected."""
        raise NotImplementedError
