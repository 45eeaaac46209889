"""Help for the screen it was asked from: what it is for, and every key that works there."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.bars import KeyBar, key_name
from appliance.tui.widgets.dialog import Reading

GENERAL = (
    ("Tab, Shift-Tab", "next and previous field or list"),
    ("arrows, Page Up/Down", "move in a list or a text"),
    ("Home, End", "first and last entry"),
)


class HelpScreen(ModalScreen[None]):
    """What a screen is for, and its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,ctrl+g,enter", "close", "Close", priority=True)]

    def __init__(self, about: ConsoleScreen) -> None:
        super().__init__()
        self._about = about
        self._keys = keys_of(about)

    def compose(self) -> ComposeResult:
        """The text, then the keys."""
        keys = "\n".join(f"{key:<22}{text}" for key, text in (*self._keys, *GENERAL))
        with Vertical(classes="dialog help"):
            yield Static(f"Help: {self._about.HEADING}", classes="question", markup=False)
            with Reading():
                yield Static(f"{self._about.HELP}\n\n{keys}", markup=False)
            yield KeyBar()

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)


def keys_of(screen: ConsoleScreen) -> list[tuple[str, str]]:
    """The keys of a screen and what they do, each with its other spelling for terminals without function keys."""
    found: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.description and not binding.action.startswith("app.focus_") and (active.node is screen or active.node is screen.app):
            names = found.setdefault(binding.description, [])
            names.extend(name for name in map(key_name, binding.key.split(",")) if name not in names)
    return [(" or ".join(names), text) for text, names in found.items()]
