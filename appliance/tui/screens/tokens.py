"""The tokens with which scripts and people use the API over the network."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.tokens import Token
from appliance.tui import words
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

TONES = {"good": "", "expired": "warning", "revoked": "bad"}
ENDED = "Whoever uses it is refused from now on. It can't be given back."
REPLACED = "Whoever uses it is refused from now on. Another one takes its place in the appliance's file."
MAY = {
    "viewer": "looks, and changes nothing",
    "operator": "also runs VMs, jobs, schedules, failovers",
    "admin": "also changes all else, such as logins",
}


class TokensScreen(RecordsScreen[Token], ActingScreen):
    """Each token: its name, its role, when it was used, and until when it is good."""

    NAME = "tokens"
    HEADING = "API tokens"
    HELP = (
        "Who uses the API or the command line from elsewhere needs a token. A viewer looks; an operator also runs VMs, jobs, schedules and "
        "failovers; an admin also changes credentials, configurations, pairings, settings, network and power. F7 creates one: its text is "
        "shown once and never again. F9 revokes the one under the cursor, which then opens nothing any more. The audit log names each "
        "token by its name, so a name is used once. The first token is kept in a file of the appliance; when it is revoked, another one "
        "takes its place there."
    )
    EVERY = 5.0
    COLUMNS: ClassVar = (
        Column("Name"), Column("Role", 9), Column("State", 8), Column("Last used", 12), Column("Expires", 19), Column("Created", 19, 100),
    )  # fmt: skip
    EMPTY = "There is no token."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "add", "Create"),
        Binding("f9,ctrl+d", "revoke", "Revoke"),
    ]

    async def load(self) -> None:
        """All of them."""
        self.show_records({one.id: one for one in await self.console_app.agent.tokens.tokens()})

    def row(self, key: str, record: Token) -> Row:
        """One line a token."""
        return token_row(record, self.console_app.clock())

    def facts(self, record: Token) -> list[Fact]:
        """What it may do."""
        return token_facts(record)

    def action_add(self) -> None:
        """A new one."""
        from appliance.tui.screens.token_form import TokenForm

        self.app.push_screen(TokenForm())

    def action_revoke(self) -> None:
        """It opens nothing any more."""
        self.once(self._revoke)

    async def _revoke(self) -> None:
        one = self.chosen
        if one is None:
            return
        if one.state == "revoked":
            self.say(f"{one.name} is revoked already.", "warning")
            return
        if await self.confirmed(f"Revoke the token {one.name}?", REPLACED if one.in_file else ENDED):
            await self.asking(self.console_app.agent.tokens.revoke_token(one.id), f"The token {one.name} is revoked.")


def token_row(one: Token, now: datetime) -> Row:
    """A token as it stands in the list (pure)."""
    used = "" if one.in_file else words.ago(one.last_used, now)
    until = words.moment(one.expires_at) or "never"
    return Row(one.id, (one.name, one.role.value, one.state, used, until, words.moment(one.created_at)), TONES.get(one.state, ""))


def token_facts(one: Token) -> list[Fact]:
    """The lines below the list (pure)."""
    where = [("Kept", "in a file of the appliance: operator.token")] if one.in_file else []
    ended = [("Revoked", f"{words.moment(one.revoked_at)} UTC", "bad")] if one.revoked_at else []
    return [(one.role.value.capitalize(), MAY[one.role.value]), *where, *ended]
