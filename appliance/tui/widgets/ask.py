"""A small form over a screen: it stays until what was typed has been taken, and shows a refusal beside its field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.worker import Worker

from appliance.contract.errors import Fault
from appliance.tui.pump import LastToGo
from appliance.tui.widgets.bars import KeyBar
from appliance.tui.widgets.form import Field, in_one_sentence

Work = Callable[[Mapping[str, str]], Awaitable[object]]
"""Takes what was typed, by the fields' ids; raises the Fault that is shown."""


class Ask(LastToGo, ModalScreen[bool]):
    """Answers True once `work` has succeeded. `beside`: a Fault's key → the id of the field it belongs to; the first one otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "send", "Do it", priority=True),
        Binding("escape", "leave", "Leave it", priority=True),
    ]

    def __init__(self, heading: str, text: str, fields: Sequence[Field], work: Work, *, beside: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._heading, self._text, self._fields, self._work, self._beside = heading, text, list(fields), work, beside or {}
        self._sending: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Heading, a sentence, the fields."""
        with Vertical(classes="dialog"):
            yield Static(self._heading, classes="question", markup=False)
            yield Static(self._text, classes="text", markup=False)
            yield from self._fields
            yield KeyBar()

    @property
    def is_ready(self) -> bool:
        """Not while it is being sent: what is typed then is meant for the screen below."""
        return self._sending is None or self._sending.is_finished

    def on_mount(self) -> None:
        """The cursor is in the first field."""
        self._fields[0].focus_input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: the next field, and after the last one what the form is for."""
        if event.input in self._fields[-1].query(Input):
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        """If nothing is wrong with the fields."""
        wrong = [one for one in self._fields if not one.is_good()]
        if wrong:
            wrong[0].focus_input()
        elif self.is_ready:
            self._sending = self.run_worker(self._send(), name="send")

    async def _send(self) -> None:
        try:
            await self._work({one.id or "": one.value for one in self._fields})
        except Fault as error:
            field = next((one for one in self._fields if one.id == self._beside.get(error.key)), self._fields[0])
            field.problem(in_one_sentence(error))
            field.focus_input()
        else:
            self.dismiss(True)

    def action_leave(self) -> None:
        """Nothing is done."""
        self.dismiss(False)
