"""Fields for typing, each with its label, a hint, and what to type instead when it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from appliance.contract.errors import Fault

Check = Callable[[str], str]
"""Says what is wrong with a text and what to type instead; empty where nothing is."""


class OneLine(Input, inherit_bindings=False):
    """Takes pasted lines as one: line ends and tabs become spaces, other control characters go. What is too long is cut off.

    Its keys are those of typing alone: Ctrl-D, Ctrl-E and Ctrl-F are the screen's, as everywhere.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor_left", show=False),
        Binding("right", "cursor_right", show=False),
        Binding("home,ctrl+a", "home", show=False),
        Binding("end", "end", show=False),
        Binding("backspace", "delete_left", show=False),
        Binding("delete", "delete_right", show=False),
        Binding("ctrl+w", "delete_left_word", show=False),
        Binding("ctrl+u", "delete_left_all", show=False),
        Binding("ctrl+k", "delete_right_all", show=False),
        Binding("enter", "submit", show=False),
    ]

    def _on_paste(self, event: events.Paste) -> None:
        text = "".join(one for one in " ".join(event.text.split()) if one.isprintable())
        room = len(text) if self.max_length is None else self.max_length - len(self.value) + len(self.selected_text)
        super()._on_paste(events.Paste(text[: max(0, room)]))
        event.prevent_default()
        event.stop()


class Field(Vertical):
    """One line to type in. `error` is shown below it until it is typed in again."""

    def __init__(
        self, label: str, *, id: str, value: str = "", hint: str = "", secret: bool = False, check: Check | None = None, limit: int = 255
    ) -> None:
        super().__init__(id=id, classes="field")
        self.label, self._check = label, check
        self._input = OneLine(value, placeholder=hint, password=secret, max_length=limit, compact=False)
        self._input.cursor_blink = False
        self._problem = Static("", classes="problem", markup=False)
        self._said = ("", "")

    def compose(self) -> ComposeResult:
        """Label and input side by side, the problem below."""
        with Horizontal(classes="line"):
            yield Label(self.label, classes="label", markup=False)
            yield self._input
        yield self._problem

    def on_mount(self) -> None:
        """No problem yet."""
        self._problem.display = False

    @property
    def value(self) -> str:
        """What was typed, without blanks around it; a secret as it is."""
        return self._input.value if self._input.password else self._input.value.strip()

    @value.setter
    def value(self, text: str) -> None:
        # Nobody has typed: what is said to be wrong stays.
        with self._input.prevent(Input.Changed):
            self._input.value = text

    def focus_input(self) -> None:
        """Put the cursor here."""
        self._input.focus()

    def problem(self, text: str, kind: str = "bad") -> None:
        """Show what is wrong; nothing when empty."""
        if (text, kind if text else "") == self._said:
            return
        self._said = (text, kind if text else "")
        self._problem.set_class(kind == "warning", "-warning")
        self._problem.update(text)
        self._problem.display = bool(text)

    def is_good(self) -> bool:
        """Check what was typed, and say what is wrong with it."""
        wrong = self._check(self.value) if self._check else ""
        self.problem(wrong)
        return not wrong

    def on_input_changed(self) -> None:
        """What was wrong is being changed."""
        self.problem("")


class Choice(Vertical):
    """One of a few values, moved through with the arrow keys."""

    def __init__(self, label: str, options: Sequence[tuple[str, str]], *, id: str, value: str = "") -> None:
        super().__init__(id=id, classes="field choice")
        self.label, self._options = label, list(options)
        self._list = OptionList(*[Option(f"( ) {text}", id=key) for key, text in self._options], compact=True, markup=False)
        self._initial = value or self._options[0][0]
        self._marked = ""

    def compose(self) -> ComposeResult:
        """Label and options side by side."""
        with Horizontal(classes="line"):
            yield Label(self.label, classes="label", markup=False)
            yield self._list

    def on_mount(self) -> None:
        """As high as it has options, the cursor on the value."""
        self._list.styles.height = len(self._options)
        self.value = self._initial

    def on_option_list_option_highlighted(self) -> None:
        """Mark the one that is chosen, so that it is seen without the cursor and without colours."""
        before, self._marked = self._marked, self.value
        if before != self._marked:
            for key, text in self._options:
                if key in (before, self._marked):
                    self._list.replace_option_prompt(key, f"({'x' if key == self._marked else ' '}) {text}")

    @property
    def value(self) -> str:
        """The key of the option under the cursor."""
        number = self._list.highlighted
        return self._options[number][0] if number is not None else self._initial

    @value.setter
    def value(self, key: str) -> None:
        self._list.highlighted = next((n for n, (one, _) in enumerate(self._options) if one == key), 0)

    def focus_input(self) -> None:
        """Put the cursor here."""
        self._list.focus()


def in_one_sentence(error: Fault) -> str:
    """What happened and what to do about it."""
    return f"{error.message} {error.guidance}".strip()
