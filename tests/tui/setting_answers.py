"""Settings and tokens for the screens about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from appliance.contract import options
from appliance.contract.errors import FaultSpec
from appliance.contract.roles import Role
from appliance.contract.settings import Setting
from appliance.contract.tokens import CreatedToken, Token
from tests.tui.stand_in import NOW

INVALID = FaultSpec("settings.invalid", 422, "schedules.kept_days can't be 0.", "Type a whole number from 1 to 3650 (days).")
NAME_TAKEN = FaultSpec("token.name_taken", 409, "There is, or was, a token called nightly report already.", "Choose another name.")
UNWRITABLE = FaultSpec("store.unwritable", 503, "The appliance can't write its records.", "Check that its disk is not full.")
TEXT = "mat_4mVnQ0zJ2WcXr7tK1uYbLhE9sD5fGpA8iO3jR6qTxZw"


SHOWN = (
    options.API_REQUESTS, options.API_COSTLY, options.AUDIT_DAYS, options.CONSOLE_IDLE, options.FAILOVER_OLD_COPY,
    options.FAILOVER_TEST_NETWORK, options.HEALTH_LOOK, options.JOB_DAYS, options.LOG_FILES, options.SCHEDULE_DAYS, options.VERIFY_SAMPLE,
)  # fmt: skip
"""Some of an OMA's, so that a new one changes no picture."""


def settings(**changed: bool | int | str) -> list[Setting]:
    """Those of an OMA; `changed` by their names, with _ for the point."""
    values = {name.replace("_", ".", 1): value for name, value in changed.items()}
    return [
        Setting(
            name=one.name, group=one.group, kind=one.kind, value=values.get(one.name, one.default), default=one.default, unit=one.unit,
            lowest=one.lowest, highest=one.highest, sentence=one.sentence, expected=one.expected, restart_needed=one.restart,
            changed_at=NOW - timedelta(days=2) if one.name in values else None,
        )
        for one in SHOWN
    ]  # fmt: skip


def setting(name: str, **changes: Any) -> Setting:
    """One of them."""
    return next(one for one in settings() if one.name == name).model_copy(update=changes)


def token(number: int, name: str, role: Role = Role.VIEWER, **changes: Any) -> Token:
    """A token that was used an hour ago."""
    found = Token(
        id=f"token-{number}", name=name, role=role, state="good", in_file=False, created_at=NOW - timedelta(days=30),
        last_used=NOW - timedelta(hours=1), expires_at=None, revoked_at=None,
    )  # fmt: skip
    return found.model_copy(update=changes)


FIRST = token(0, "operator", Role.ADMIN, id="operator", in_file=True, created_at=None, last_used=None)


def tokens() -> list[Token]:
    """One of each state."""
    return [
        FIRST,
        token(1, "wall board", expires_at=NOW + timedelta(days=300)),
        token(2, "nightly report", Role.OPERATOR, last_used=None),
        token(3, "old script", Role.ADMIN, state="revoked", revoked_at=NOW - timedelta(days=1)),
        token(4, "visitor", state="expired", expires_at=NOW - timedelta(days=4)),
    ]


CREATED = CreatedToken(token=token(5, "backup script", Role.OPERATOR), text=TEXT)
