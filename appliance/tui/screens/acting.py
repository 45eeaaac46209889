"""Screens that change something at the agent: one thing at a time, and what is being done is said."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList

from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.notice import Notice

Answer = TypeVar("Answer")

MOMENT = "One moment …"


class ActingScreen(ConsoleScreen):
    """Says that something is under way while it is being done."""

    async def asking(self, work: Awaitable[Answer], done: str = "") -> Answer | None:
        """Like `attempt`, and says meanwhile that it is under way."""
        self.say(MOMENT, "info")
        answer = await self.attempt(work, done)
        if not done and self.query_one(Notice).said == MOMENT:
            self.say("")
        return answer


class FormScreen(ActingScreen):
    """Fields to fill in: Enter goes to the next one, and from the last one on; F8 does what the form is for (`submit`)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8,ctrl+s", "submit", "Save")]

    def fields(self) -> list[Field]:
        """The fields that are seen."""
        return [one for one in self.query(Field) if one.display]

    def field(self, name: str) -> Field:
        """The field of this name."""
        return self.query_one(f"#{name}", Field)

    def on_mount(self) -> None:
        """The cursor is in the first field."""
        if self.focused is None:
            self.focus_next()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        shown = self.fields()
        if shown and event.input in shown[-1].query(Input):
            self.action_submit()
        else:
            self.focus_next()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter on a choice."""
        self.focus_next()

    def action_submit(self) -> None:
        """Do what the form is for; while that is under way, nothing."""
        self.once(self.submit)

    async def submit(self) -> None:
        """What the form is for."""
        raise NotImplementedError

    def all_good(self) -> bool:
        """Check every field; the cursor goes to the first one that is wrong."""
        wrong = [one for one in self.fields() if not one.is_good()]
        if wrong:
            wrong[0].focus_input()
        return not wrong
