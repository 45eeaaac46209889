"""A line to type in what a list is to be narrowed to; away until it is asked for."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from appliance.tui.widgets.form import OneLine


class Find(Horizontal):
    """Tells `Find.Changed` with every key; `Find.Left` when the cursor should go back to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Show all", priority=True),
        Binding("enter", "back", "To the list", priority=True),
        Binding("down", "back", "To the list", show=False, priority=True),
    ]

    class Changed(Message):
        """What is wanted has changed."""

    class Left(Message):
        """Back to the list."""

    def __init__(self, hint: str) -> None:
        super().__init__(classes="find")
        self._input = OneLine(placeholder=hint, compact=True, max_length=100)

    def compose(self) -> ComposeResult:
        """A label and the line."""
        yield Label("Find ", classes="find-label", markup=False)
        yield self._input

    def on_mount(self) -> None:
        """Away at first."""
        self.display = False

    @property
    def wanted(self) -> str:
        """What was typed."""
        return self._input.value.strip()

    def open(self) -> None:
        """Show the line, with the cursor in it."""
        self.display = True
        self._input.focus()

    def action_clear(self) -> None:
        """Everything is shown again."""
        self._input.value = ""
        self.display = False
        self.post_message(self.Left())

    def action_back(self) -> None:
        """To the list, which stays narrowed."""
        self.display = bool(self.wanted)
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another key was typed; it is painted before a long list is narrowed."""
        event.stop()
        self.call_after_refresh(self.post_message, self.Changed())
