"""The console's password."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.worker import Worker

from appliance.contract.errors import Fault
from appliance.contract.setup import Unlock
from appliance.tui.pump import LastToGo
from appliance.tui.widgets.bars import KeyBar
from appliance.tui.widgets.form import Field, in_one_sentence

if TYPE_CHECKING:
    from appliance.tui.app import Console


class LoginScreen(LastToGo, ModalScreen[bool]):
    """Asks for the password; True once it was right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s,enter", "log_in", "Log in"),
        Binding("escape", "leave", "Back", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._trying: Worker[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Not while the agent looks at the password: what is typed then is meant for what comes after it."""
        return self._trying is None or self._trying.is_finished

    def compose(self) -> ComposeResult:
        """One field."""
        with Vertical(classes="dialog small"):
            yield Static("Console password", classes="question", markup=False)
            yield Field("Password", id="password", secret=True, limit=256)
            yield KeyBar()

    def on_mount(self) -> None:
        """The cursor is in it."""
        self.query_one(Field).focus_input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        self.action_log_in()

    def action_log_in(self) -> None:
        """Ask the agent; only one try at a time."""
        if self.is_ready:
            self._trying = self.run_worker(self._try(), name="login")

    async def _try(self) -> None:
        field, app = self.query_one(Field), cast("Console", self.app)
        if not field.value:
            field.problem("Type the console's password.")
            return
        field.problem("Checking …", "warning")
        try:
            await app.agent.setup.unlock(Unlock.model_validate({"password": field.value}))
        except Fault as error:
            field.value = ""
            field.problem(in_one_sentence(error))
            return
        app.unlocked = True
        app.run_worker(app.learn_patience(), name="patience")
        self.dismiss(True)

    def action_leave(self) -> None:
        """Back to the idle screen."""
        self.dismiss(False)
