"""Creating an API token; its text is shown once."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.roles import Role
from appliance.contract.tokens import Days, Name, NewToken
from appliance.tui.flaws import check_of
from appliance.tui.screens.acting import FormScreen
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.tokens import MAY
from appliance.tui.widgets.form import Choice, Field, in_one_sentence


class TokenForm(FormScreen):
    """Name, role and end of a new token."""

    NAME = "token-form"
    HEADING = "New API token"
    EVERY = 30.0
    HELP = (
        "The name says in the audit log who it was; give each script and each person a token of its own. Choose the least role that is "
        "enough. With a number of days the token ends by itself. F8 creates it and shows its text, once."
    )

    def body(self) -> ComposeResult:
        """Its fields."""
        yield Field("Name", id="name", limit=80, check=check_of(Name, "Type a name of one line."), hint="such as nightly report")
        yield Choice("Role", [(one.value, f"{one.value}: {MAY[one.value]}") for one in Role], id="role")
        check = check_of(Days, "Type a number of days from 1 to 3650, or nothing.", optional=True)
        yield Field("Ends after days", id="days", limit=4, check=check, hint="empty: never")

    async def submit(self) -> None:
        """Create it, and show its text in place of the form."""
        if not self.all_good():
            return
        days = self.field("days").value
        role = Role(self.query_one("#role", Choice).value)
        body = NewToken(name=self.field("name").value, role=role, expires_in_days=int(days) if days else None)
        try:
            created = await self.console_app.agent.tokens.create_token(body)
        except Fault as error:
            self.field("name").problem(in_one_sentence(error))
            self.field("name").focus_input()
            return
        self.app.switch_screen(TokenText(created.token.name, created.text))


class TokenText(ConsoleScreen):
    """The text of a new token, which nobody can see again."""

    NAME = "token-text"
    HEADING = "New API token"
    EVERY = 60.0
    HELP = "Copy the text now: it is kept nowhere. If it is lost, revoke the token and create another one."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8,ctrl+s,enter", "leave", "I have it")]

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self._name, self._text = name, text

    def body(self) -> ComposeResult:
        """What it is for, and the text."""
        yield Static(f"The token {self._name} was created. This is its text:", classes="text", markup=False)
        yield Static(f"\n{self._text}\n", classes="heading", markup=False)
        yield Static("It is shown this once. Keep it where nobody else reads it, then press F8.", classes="text", markup=False)
