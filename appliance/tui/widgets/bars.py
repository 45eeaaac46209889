"""The first and the last line of every screen."""

from __future__ import annotations

from rich.text import Text
from textual.binding import Binding
from textual.widgets import Input, Static

KEY_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "question_mark": "?",
    "slash": "/",
    "space": "Space",
    "delete": "Del",
    "insert": "Ins",
    "end": "End",
}


def key_name(key: str) -> str:
    """How a key is called on the screen: `F1`, `Ctrl-R`, `Esc`."""
    first = key.split(",")[0]
    if first.startswith("ctrl+"):
        return f"Ctrl-{first.removeprefix('ctrl+').upper()}"
    return KEY_NAMES.get(first, first.upper() if first.startswith("f") and first[1:].isdigit() else first)


class TitleBar(Static):
    """Which appliance this is, which screen, and what time it is in UTC."""

    def __init__(self, heading: str) -> None:
        super().__init__(id="title", markup=False)
        self.heading, self._who, self._time, self._alarm = heading, "", "", ""

    def tell(self, *, who: str | None = None, time: str | None = None, alarm: str | None = None, heading: str | None = None) -> None:
        """Show something else; nothing is drawn again when nothing changed."""
        before = (self._who, self._time, self._alarm, self.heading)
        self._who = self._who if who is None else who
        self._time = self._time if time is None else time
        self._alarm = self._alarm if alarm is None else alarm
        self.heading = self.heading if heading is None else heading
        self.set_class(bool(self._alarm), "-alarm")
        if before != (self._who, self._time, self._alarm, self.heading):
            self.refresh()

    def render(self) -> Text:
        """One line: appliance and screen on the left, alarm or time on the right."""
        width = self.size.width
        right = self._alarm or self._time
        left = " · ".join(part for part in (self._who, self.heading) if part)[: max(0, width - len(right) - 3)]
        return Text(f" {left}{' ' * max(1, width - len(left) - len(right) - 2)}{right} ", no_wrap=True, overflow="crop")


class KeyBar(Static):
    """The keys that do something now; closer together where there is little room."""

    def __init__(self) -> None:
        super().__init__("", id="keys", markup=False)

    def on_mount(self) -> None:
        """Follow what the focus makes possible."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._show())
        self._show()

    def on_resize(self) -> None:
        """Fewer keys fit on a narrower line."""
        self._show()

    def _show(self) -> None:
        shown: dict[str, Binding] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled and active.binding.description:
                shown.setdefault(active.binding.description, active.binding)
        shown = {one.description: one for one in self._of_enter() if one.description not in shown} | shown
        pad = " " if sum(len(key_name(one.key)) + len(what) + 4 for what, one in shown.items()) <= self.size.width else ""
        line = Text(no_wrap=True, overflow="ellipsis")
        for what, one in shown.items():
            line.append(f"{pad}{key_name(one.key)}{pad}", "reverse").append(f" {what} ")
        self.update(line)

    def _of_enter(self) -> list[Binding]:
        """What Enter does on a list: that takes the key for itself and tells the screen, whose own binding says what happens then."""
        own = self.screen._bindings.key_to_bindings.get("enter", [])
        return [one for one in own if one.show and not isinstance(self.screen.focused, Input)]
