"""Letters and digits that can be read from across the room, drawn with coloured blanks; and a countdown."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.text import Text
from textual.widgets import Static

# Three by five cells each, row by row: the bits of each digit are a row's cells.
_FONT = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757", "7": "71122", "8": "75757",
    "9": "75717", "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644", "G": "34553", "H": "55755",
    "J": "11153", "K": "55655", "M": "57755", "N": "65555", "P": "65644", "Q": "25563", "R": "65655", "S": "34216", "T": "72222",
    "V": "55552", "W": "55775", "X": "55255", "Y": "55222", "Z": "71247", ":": "02020", "-": "00700",
}  # fmt: skip

HEIGHT, CELLS = 5, 3
ROOM = 16
"""Lines that a terminal needs for large letters."""
FRESH = 2.5
"""Seconds for which the agent's own figure is shown; afterwards it is counted on from there."""


def big(text: str, width: int) -> Text:
    """The text five lines high, where it fits into `width` cells; bold on one line where it does not (pure)."""
    pixel = 2 if len(text) * (CELLS * 2 + 2) <= width else 1
    if len(text) * (CELLS * pixel + pixel) > width or any(one not in _FONT and one != " " for one in text):
        return Text(text, "bold")
    drawn = Text(no_wrap=True)
    for row in range(HEIGHT):
        for one in text:
            bits = int(_FONT[one][row]) if one != " " else 0
            for column in range(CELLS):
                drawn.append(" " * pixel, "on cyan" if bits & (4 >> column) else "")
            drawn.append(" " * pixel)
        drawn.append("\n" if row < HEIGHT - 1 else "")
    return drawn


class Big(Static):
    """A short text as large as there is room for."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False, classes="big")
        self._text = ""

    def show(self, text: str) -> None:
        """Show this; nothing is drawn again when nothing changed."""
        if text != self._text:
            self._text = text
            self._draw()

    def on_resize(self) -> None:
        """More or less room."""
        self._draw()

    def _draw(self) -> None:
        drawn = big(self._text, self.size.width if self.app.size.height >= ROOM else 0)
        self.styles.height = drawn.plain.count("\n") + 1 if self._text else 0
        self.update(drawn)


class Countdown:
    """What the agent said is left, counted on by ourselves while it says nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said, self._at = 0.0, clock()

    def say(self, seconds: float) -> None:
        """The agent's own figure, now."""
        self._said, self._at = seconds, self._clock()

    @property
    def silent(self) -> bool:
        """Whether the agent has said nothing for a while."""
        return self._clock() - self._at > FRESH

    @property
    def left(self) -> float:
        """Seconds left, never below 0."""
        past = self._clock() - self._at
        return max(0.0, self._said - (past if past > FRESH else 0.0))
