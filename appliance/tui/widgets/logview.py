"""Lines of a log: thousands of them, folded at the width, the newest in sight until somebody looks further up."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from appliance.contract.system import Level, LogEntry

KEPT = 5000
"""Entries."""

DATE_NEEDS = 110
"""Columns from which on the date is shown beside the time."""

INDENT = "         "
STYLES = {
    Level.DEBUG: Style(color="cyan"),
    Level.INFO: Style(),
    Level.WARNING: Style(color="bright_yellow"),
    Level.ERROR: Style(color="bright_red"),
}


class LogView(ScrollView, inherit_bindings=False, can_focus=True):
    """Follows the newest line; moving up pauses that, reaching the end goes on with it. `Turned` says when it changes."""

    DEFAULT_CSS = "LogView { overflow-x: hidden; overflow-y: scroll; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "first", "Oldest line", show=False),
    ]

    class Turned(Message):
        """Following began or ended."""

    def __init__(self, *, kept: int = KEPT, id: str | None = None) -> None:
        super().__init__(id=id)
        self.following = True
        self._kept = kept
        self._entries: deque[LogEntry] = deque()
        self._heights: deque[int] = deque()
        self._lines: list[tuple[str, Style]] = []
        self._folded_at = 0

    @property
    def count(self) -> int:
        """Entries that are here."""
        return len(self._entries)

    @property
    def text(self) -> list[str]:
        """All lines as they are shown."""
        return [line for line, _ in self._lines]

    def add(self, entries: Sequence[LogEntry]) -> None:
        """Newer entries; the oldest go when there are too many."""
        newest = entries[-self._kept :]
        self._entries.extend(newest)
        self._fold(newest)
        gone = 0
        while len(self._entries) > self._kept:
            self._entries.popleft()
            gone += self._heights.popleft()
        del self._lines[:gone]
        self._settle(gone)

    def clear(self) -> None:
        """Without any entry."""
        self._entries.clear()
        self._forget_lines()
        self._settle(0)

    def follow(self) -> None:
        """Go to the newest line, and stay there."""
        self._turn(True)
        self._go(self.max_scroll_y)

    def on_resize(self) -> None:
        """Folded anew at another width."""
        if self._width != self._folded_at:
            self._forget_lines()
            self._fold(list(self._entries))
        self._settle(0)

    def action_move(self, lines: int) -> None:
        """Up or down by lines."""
        self._go(self.scroll_y + lines)
        self._turn(self.scroll_y >= self.max_scroll_y and (lines > 0 or not self.max_scroll_y))

    def action_page(self, pages: int) -> None:
        """Up or down by what is seen."""
        self.action_move(pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the oldest line."""
        self.action_move(-len(self._lines))

    def render_line(self, y: int) -> Strip:
        """One line of what is seen."""
        number, width, base = int(self.scroll_y) + y, self.size.width, self.rich_style
        if number >= len(self._lines):
            return Strip.blank(width, base)
        text, style = self._lines[number]
        return Strip([Segment(text, base + style)]).adjust_cell_length(width, base)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _fold(self, entries: Sequence[LogEntry]) -> None:
        self._folded_at = self._width
        for entry in entries:
            lines = folded(entry, self._width or 80)
            self._heights.append(len(lines))
            style = STYLES[entry.level]
            self._lines.extend((line, style) for line in lines)

    def _forget_lines(self) -> None:
        self._lines.clear()
        self._heights.clear()

    def _settle(self, gone: int) -> None:
        """After a change: at the end while following, else on the same lines as before."""
        self.virtual_size = Size(self._width, len(self._lines))
        self._go(self.max_scroll_y if self.following else self.scroll_y - gone)
        self.refresh()

    def _go(self, y: float) -> None:
        self.scroll_to(y=min(max(0, y), self.max_scroll_y), animate=False, immediate=True, force=True)

    def _turn(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.post_message(self.Turned())


def folded(entry: LogEntry, width: int) -> list[str]:
    """An entry as lines of at most `width` characters: time, level as a word, where it comes from, what it says (pure)."""
    time = f"{entry.at:%Y-%m-%d %H:%M:%S}" if width >= DATE_NEEDS else f"{entry.at:%H:%M:%S}"
    first, *more = entry.message.splitlines() or [""]
    lines = _pieces(f"{time} {entry.level:<7} {entry.source}: {first}", width)
    for line in more:
        lines.extend(_pieces(INDENT + line, width))
    return lines


def _pieces(text: str, width: int) -> list[str]:
    """The text in pieces; all but the first are indented."""
    if not text.isprintable():
        text = "".join(one if one.isprintable() else " " for one in text)
    if len(text) <= width:
        return [text]
    indent = INDENT if width > 3 * len(INDENT) else ""
    rest, room = text[width:], max(1, width - len(indent))
    return [text[:width], *(indent + rest[at : at + room] for at in range(0, len(rest), room))]
