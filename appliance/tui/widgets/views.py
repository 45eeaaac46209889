"""Several views of one thing: one after the other on a low terminal, all at once on a high one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static


class Views(Vertical):
    """Titled widgets. Where the terminal has fewer than `needs` lines only the current one is shown, with the others' names above it."""

    def __init__(self, views: Sequence[tuple[str, Widget]], *, needs: int = 1000) -> None:
        super().__init__(classes="views")
        self._views, self._needs, self._current = tuple(views), needs, 0
        self._names = Static("", classes="view-names", markup=False)
        self._headings = [Static(title, classes="heading", markup=False) for title, _ in self._views]

    def compose(self) -> ComposeResult:
        """The names, then each view under its heading."""
        yield self._names
        for heading, (_, widget) in zip(self._headings, self._views, strict=True):
            yield heading
            yield widget

    def on_mount(self) -> None:
        """The first one."""
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        """There may be room for all now."""
        self._arrange()

    @property
    def current(self) -> int:
        """The number of the view that is seen, or that has the cursor."""
        return self._current

    def next(self) -> None:
        """Go to the next view; the cursor is there then."""
        self._current = (self._current + 1) % len(self._views)
        self._arrange()
        self.focus_current()

    def focus_current(self) -> None:
        """Put the cursor into the current view."""
        self._views[self._current][1].focus()

    def _arrange(self) -> None:
        all_at_once = self.app.size.height >= self._needs
        self._names.display = not all_at_once
        for number, (heading, (_, widget)) in enumerate(zip(self._headings, self._views, strict=True)):
            heading.display = all_at_once
            widget.display = all_at_once or number == self._current
        line = Text(no_wrap=True, overflow="ellipsis")
        for number, (title, _) in enumerate(self._views):
            chosen = number == self._current
            line.append(f"[{title}]" if chosen else f" {title} ", "bold bright_cyan" if chosen else "").append("  ")
        self._names.update(line)
