"""Progress and rates drawn with coloured blanks, which every terminal has."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from rich.text import Text
from textual.widgets import Static

from appliance.tui import words


def bar(fraction: float, width: int) -> Text:
    """A bar of `width` cells; `fraction` from 0 to 1."""
    share = min(1.0, max(0.0, fraction))
    number = f"{share * 100:.0f} %".center(width)
    done = round(share * width)
    line = Text(no_wrap=True)
    line.append(number[:done], "bright_white on blue").append(number[done:], "white on black")
    return line


class ProgressLine(Static):
    """A bar with its percentage in it, as wide as there is room."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._fraction = 0.0

    def show(self, fraction: float) -> None:
        """From 0 to 1."""
        if fraction != self._fraction:
            self._fraction = fraction
            self.refresh()

    def render(self) -> Text:
        """The bar between brackets, so that its end is seen without colours."""
        return Text("[") + bar(self._fraction, max(4, self.size.width - 2)) + Text("]")


class RateChart(Static):
    """The rate over time: one column a sample, newest at the right; heights are relative to the greatest."""

    def __init__(self, *, kept: int = 200, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._rates: deque[float] = deque(maxlen=kept)

    def add(self, rate: float) -> None:
        """A sample in bytes a second."""
        self._rates.append(max(0.0, rate))
        self.refresh()

    def show(self, rates: Sequence[float]) -> None:
        """All samples at once."""
        self._rates.clear()
        self._rates.extend(rates)
        self.refresh()

    def render(self) -> Text:
        """As many rows as there is room; the scale is in the first."""
        height, width = max(1, self.size.height - 1), max(4, self.size.width)
        shown = list(self._rates)[-width:]
        top = max(shown, default=0.0)
        rows = [Text(f"greatest {words.rate(top) or '0 B/s'}, now {words.rate(shown[-1]) or '0 B/s'}" if shown else "no data yet")]
        levels = [0 if top <= 0 else max(1, round(rate / top * height)) if rate > 0 else 0 for rate in shown]
        for row in range(height, 0, -1):
            line = Text(" " * (width - len(levels)), no_wrap=True)
            for level in levels:
                line.append(" ", "on cyan" if level >= row else "")
            rows.append(line)
        return Text("\n").join(rows)
