"""The field for the vendor's answer: seven lines, typed or pasted, looked over as they grow."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from appliance.contract.vendor import ANSWER_LINES, Incomplete, Mistyped, Unreadable, read_answer

LONGEST = 1000
"""Characters, as in the contract."""


class Lines(TextArea, inherit_bindings=False):
    """Numbered lines. Its keys are those of typing alone, so that the screen's work in it, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("left", "cursor_left", show=False),
        Binding("right", "cursor_right", show=False),
        Binding("home", "cursor_line_start", show=False),
        Binding("end", "cursor_line_end", show=False),
        Binding("backspace", "delete_left", show=False),
        Binding("delete", "delete_right", show=False),
        Binding("ctrl+u", "delete_to_start_of_line", show=False),
    ]

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and len(self.text) >= LONGEST:
            event.prevent_default()
            event.stop()
            return
        await super()._on_key(event)
        event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        text = "".join(one for one in "\n".join(event.text.expandtabs(1).splitlines()) if one.isprintable() or one == "\n")
        await super()._on_paste(events.Paste(text[: LONGEST - len(self.text)]))
        event.prevent_default()
        event.stop()


class AnswerField(Vertical):
    """The lines, and below them how far they are, or what is wrong with them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines = Lines(soft_wrap=True, show_line_numbers=True, highlight_cursor_line=False)
        self._note = Static("", classes="note", markup=False)

    def compose(self) -> ComposeResult:
        """Lines and note."""
        yield self._lines
        yield self._note

    def on_mount(self) -> None:
        """Nothing was typed yet."""
        self.problem("")

    @property
    def text(self) -> str:
        """What was typed."""
        return self._lines.text

    def clear(self) -> None:
        """Empty again."""
        self._lines.text = ""
        self.problem("")

    def focus_input(self) -> None:
        """Put the cursor here."""
        self._lines.focus()

    def problem(self, text: str, kind: str = "bad") -> None:
        """What is wrong with it; when empty, how far it is."""
        self._tell(*((text, kind) if text else looked_over(self.text)))

    def on_text_area_changed(self) -> None:
        """Looked over at each key."""
        self._tell(*looked_over(self.text))

    def _tell(self, text: str, kind: str) -> None:
        for one in ("good", "warning", "bad"):
            self._note.set_class(kind == one, f"-{one}")
        self._note.update(text)


def looked_over(text: str) -> tuple[str, str]:
    """How far an answer is, or where its first typing mistake is, and how that is to be shown (pure)."""
    if not text.strip():
        return f"The answer has {ANSWER_LINES} lines. Tab leads to the next field.", ""
    try:
        read_answer(text)
    except Mistyped as problem:
        return f"Line {problem.part} is not right yet; compare it with what is read to you.", "warning"
    except Incomplete as problem:
        return f"{problem.found} of {problem.expected} letters and digits; no mistake so far.", ""
    except Unreadable:
        return "This is not an answer of the vendor's.", "bad"
    return "The answer is complete; press F8.", "good"
