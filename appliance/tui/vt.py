"""What each kind of terminal can show: its characters, its colours, and the filter that keeps to them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from appliance.tui.environment import KNOWN

ASCII = frozenset(map(chr, range(0x20, 0x7F)))
LATIN = frozenset(map(chr, range(0xA0, 0x100))) - {"\u00ad"}
LINES = frozenset("─│┌┐└┘├┤┬┴┼═║╔╗╚╝░▒→…•€")
"""Beyond Latin-1, what the stock console fonts have (seen on Fixed and Uni2-Terminus16); no block elements, no ticks, no round bullets."""

PLAIN: Mapping[str, str] = {
    **dict.fromkeys("┌┐└┘├┤┬┴┼╔╗╚╝┏┓┗┛", "+"),
    **dict.fromkeys("─━╌", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("═", "="),
    **dict.fromkeys("░▒▓█▁▂▃▄▅▆▇▉▊▋▌▍▎▏▐▔▕", "#"),
    **dict.fromkeys("●•◆■✓✔", "*"),
    "→": ">",
    "▶": ">",
    "▼": "v",
    "▲": "^",
    "…": "~",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "€": "E",
    "·": "-",
    "«": "<",
    "»": ">",
    "°": "o",
    "±": "~",
    "¿": "?",
    "¡": "!",
    "ß": "s",
    "ø": "o",
    "Ø": "O",
    "æ": "a",
    "Æ": "A",
    "×": "x",
    "\u00a0": " ",
}
"""What stands for a character that the terminal does not have."""


@dataclass(frozen=True)
class Terminal:
    """A kind of terminal. `colours` False means: bold, underline and reverse only. `queries`: it answers questions about its abilities."""

    name: str
    shows: Callable[[str], bool]
    colours: bool
    queries: bool

    def text(self, text: str) -> str:
        """The text in characters that this terminal has, as wide as before."""
        if text.isascii() and text.isprintable():
            return text
        shown = "".join(map(self._character, text))
        return shown if cell_len(shown) == cell_len(text) else set_cell_size(shown, cell_len(text))

    def _character(self, character: str) -> str:
        if self.shows(character):
            return character
        width = cell_len(character)
        stand_in = PLAIN.get(character) or _base_letter(character)
        return (stand_in if self.shows(stand_in) else "?") * width


def _base_letter(character: str) -> str:
    """`é` without its accent; anything that has no such letter is a question mark."""
    base = unicodedata.normalize("NFKD", character)[:1]
    return base if base in ASCII else "?"


def _unicode(character: str) -> bool:
    """Letters, signs and lines. Not what is put together from several or has a width that terminals disagree on: accents, emoji."""
    return character.isprintable() and character <= "\uffdc" and unicodedata.category(character)[0] != "M" and not _is_pictogram(character)


def _is_pictogram(character: str) -> bool:
    return unicodedata.category(character) == "So" and cell_len(character) == 2


TERMINALS = {
    "linux": Terminal("linux", (ASCII | LATIN | LINES).__contains__, colours=True, queries=False),
    "vt220": Terminal("vt220", ASCII.__contains__, colours=False, queries=False),
    "xterm": Terminal("xterm", _unicode, colours=True, queries=True),
}


def terminal_for(term: str) -> Terminal:
    """The kind of terminal that a TERM stands for; one that is not known is taken for the least able."""
    if term == "linux":
        return TERMINALS["linux"]
    if term.startswith(KNOWN):
        return TERMINALS["xterm"]
    return TERMINALS["vt220"]


class KeepTo(LineFilter):
    """Lets out only what the terminal has: its characters, and no bright backgrounds or dim text."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal
        self._style = _coloured if terminal.colours else _monochrome

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in the terminal's characters and styles."""
        text = self._terminal.text
        return [Segment(text(one.text), self._style(one.style), one.control) for one in segments]


_PLAIN = Style(dim=False, blink=False, italic=False, strike=False)


@lru_cache(2048)
def _coloured(style: Style | None) -> Style | None:
    if style is None:
        return None
    back = style.bgcolor
    plain = style.update_link(None) + _PLAIN
    if back is not None and back.number is not None and 8 <= back.number < 16:
        plain += Style(bgcolor=RichColor.from_ansi(back.number - 8))
    return plain


@lru_cache(2048)
def _monochrome(style: Style | None) -> Style | None:
    """Without colours; what had a background of its own is shown in reverse."""
    if style is None:
        return None
    back = style.bgcolor
    marked = back is not None and not back.is_default and back.number not in (0, None)
    return Style(bold=style.bold, underline=style.underline, reverse=bool(style.reverse) != marked)
