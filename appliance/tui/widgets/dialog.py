"""Questions over a screen: confirming by a key, or by typing."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from appliance.tui.widgets.bars import KeyBar
from appliance.tui.widgets.form import Field

BORDER = 2
"""Lines of a dialog's own."""


class Reading(VerticalScroll):
    """The text of a dialog: as high as it is, or as the question, the fields and the keys leave room; then it is moved through."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines of it that are seen."""
        others = [one for one in self.siblings if isinstance(one, Widget) and one.display]
        taken = sum(one.get_content_height(container, viewport, width) + one.styles.margin.height for one in others)
        room = viewport.height - BORDER - taken
        return min(super().get_content_height(container, viewport, width), max(1, room))


class Confirm(ModalScreen[bool]):
    """Names what will happen, and asks. Where `word` is given it has to be typed, so that nobody does it by accident."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "yes", "Do it", priority=True),
        Binding("escape", "no", "Leave it", priority=True),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
    ]

    def __init__(self, question: str, consequences: str, *, word: str = "") -> None:
        super().__init__()
        self._question, self._consequences, self._word = question, consequences, word

    def compose(self) -> ComposeResult:
        """The question, what will happen, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            with Reading(can_focus=False):
                yield Static(self._consequences, markup=False)
            if self._word:
                yield Field(f"Type {self._word}", id="word", check=self._typed)
            yield KeyBar()

    def on_mount(self) -> None:
        """The cursor is in the field, if there is one."""
        if self._word:
            self.query_one("#word", Field).focus_input()

    def _typed(self, text: str) -> str:
        return "" if text == self._word else f"Type {self._word} to go on, or press Esc."

    def action_scroll(self, lines: int) -> None:
        """Through what will happen, where it is longer than there is room."""
        self.query_one(Reading).scroll_relative(y=lines, animate=False)

    def action_yes(self) -> None:
        """Go on, if the word is right."""
        if not self._word or self.query_one("#word", Field).is_good():
            self.dismiss(True)

    def action_no(self) -> None:
        """Leave everything as it is."""
        self.dismiss(False)


class Tell(ModalScreen[None]):
    """A longer text to read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,f8,f1", "close", "Close", priority=True)]

    def __init__(self, heading: str, text: str) -> None:
        super().__init__()
        self._heading, self._text = heading, text

    def compose(self) -> ComposeResult:
        """Heading and text."""
        with Vertical(classes="dialog"):
            yield Static(self._heading, classes="question", markup=False)
            with Reading():
                yield Static(self._text, markup=False)
            yield KeyBar()

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


class Choose(ModalScreen[str | None]):
    """A menu of things to do: (key, text) pairs; answers the key, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Choose"), Binding("escape", "leave", "Leave it", priority=True)]

    def __init__(self, heading: str, options: list[tuple[str, str]]) -> None:
        super().__init__()
        self._heading, self._options = heading, options

    def compose(self) -> ComposeResult:
        """The heading and the options."""
        from textual.widgets import OptionList
        from textual.widgets.option_list import Option

        with Vertical(classes="dialog"):
            yield Static(self._heading, classes="question", markup=False)
            yield OptionList(*[Option(text, id=key) for key, text in self._options], compact=True, markup=False)
            yield KeyBar()

    def on_option_list_option_selected(self, event: object) -> None:
        """One was chosen."""
        self.dismiss(getattr(event, "option_id", None))

    def action_leave(self) -> None:
        """None of them."""
        self.dismiss(None)
