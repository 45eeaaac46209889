"""The one look of the console: the sixteen colours every terminal has, and scroll bars without block characters."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender
from textual.theme import Theme

CONSOLE = Theme(
    name="console",
    ansi=True,
    dark=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_white",
    background="ansi_black",
    surface="ansi_black",
    panel="ansi_black",
    boost="ansi_black",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_white",
        "border-blurred": "ansi_white",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-foreground": "ansi_white",
        "block-cursor-blurred-background": "ansi_black",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-background": "ansi_white",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
    },
)


class PlainScrollBar(ScrollBarRender):
    """A scroll bar made of blank cells: the thumb has another background."""

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = Color.from_ansi(0),  # noqa: B008 (the signature is Textual's)
        bar_color: Color = Color.from_ansi(7),  # noqa: B008
    ) -> Segments:
        """The cells of the bar; sizes and position in cells."""
        thumb = max(1, round(size * window_size / virtual_size)) if virtual_size > window_size else 0
        room = max(1.0, virtual_size - window_size)
        start = round((size - thumb) * min(1.0, position / room))
        on, off = Style(bgcolor=Color.from_ansi(4)), Style(bgcolor=Color.from_ansi(0))
        cells = [on if thumb and start <= n < start + thumb else off for n in range(size)]
        if not vertical:
            return Segments([Segment(" ", style) for style in cells])
        return Segments([Segment(" " * thickness, style) for style in cells], new_lines=True)
