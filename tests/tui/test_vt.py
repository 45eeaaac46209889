"""What each kind of terminal gets: characters that its font has, styles that it has, and nothing that controls it."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from appliance.tui.environment import environment_for, is_meddling
from appliance.tui.vt import ASCII, LATIN, LINES, PLAIN, TERMINALS, KeepTo, terminal_for

FONTS = Path("/usr/share/consolefonts")
NAMES = {
    "Cyrillic": "сервер-баз-данных",
    "CJK": "数据库服务器",
    "emoji": "web🚀01👩\u200d👩\u200d👧",
    "flag": "🇩🇪",
    "right to left": "\u202eevil\u202c",
    "isolate": "\u2066x\u2069",
    "Hebrew": "שרת",
    "combining": "e\u0301e\u0327",
    "zalgo": "a" + "\u0301" * 40,
    "ESC": "\x1b[31mred\x1b]0;t\x07",
    "C1": "\x9b31m\x9d0;t\x9c",
    "newline": "a\nb\rc\td",
    "NUL": "a\x00b",
    "DEL": "a\x7fb",
    "zero width": "a\u200bb\ufeffc",
    "blocks": "▁▂█▔",
    "ticks": "✓✔●",
    "lines": "─│┌┐└┘",
    "Latin": "Straße Größe ñ °",
    "keycap": "1\ufe0f\u20e3",
    "private": "\ue000",
    "line separator": "a\u2028b",
}


def characters_of(font: Path) -> set[str]:
    """The unicode table of a PSF font, version 1 or 2."""
    data = gzip.decompress(font.read_bytes())
    if data[:4] == b"\x72\xb5\x4a\x86":
        header, _flags, count, size = struct.unpack_from("<IIII", data, 8)
        table = data[header + count * size :]
        entries = [entry.split(b"\xfe")[0].decode() for entry in table.split(b"\xff")[:count]]
        return set("".join(entries))
    mode, size = data[2], data[3]
    count = 512 if mode & 1 else 256
    codes = struct.unpack_from(f"<{(len(data) - 4 - count * size) // 2}H", data, 4 + count * size)
    found, skipping = set(), False
    for code in codes:
        skipping = code == 0xFFFE or (skipping and code != 0xFFFF)
        if not skipping and code != 0xFFFF:
            found.add(chr(code))
    return found


@pytest.mark.parametrize("font", ["Uni2-Terminus16", "Uni2-Fixed16"])
def test_debians_console_font_has_every_character_that_a_virtual_terminal_gets(font: str) -> None:
    missing = (ASCII | LATIN | LINES) - characters_of(FONTS / f"{font}.psf.gz")
    assert not missing


def test_what_field_trials_saw_missing_is_missing_in_the_font() -> None:
    assert not set("▁▂▔▊▎✓") & characters_of(FONTS / "Uni2-Terminus16.psf.gz")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", TERMINALS)
def test_a_text_keeps_its_width_and_has_only_characters_of_the_terminal(kind: str, name: str) -> None:
    terminal = TERMINALS[kind]
    shown = terminal.text(NAMES[name])
    assert cell_len(shown) == cell_len(NAMES[name])
    assert all(terminal.shows(character) for character in shown)
    assert shown.isprintable()


@pytest.mark.parametrize("kind", ["linux", "vt220"])
def test_every_stand_in_is_one_cell_wide_and_there(kind: str) -> None:
    for stand_in in PLAIN.values():
        assert len(stand_in) == 1 and TERMINALS[kind].shows(stand_in)


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("linux", "Größe ● 5 €", "Größe * 5 €"),
        ("vt220", "Größe · 5 €", "Grose - 5 E"),
        ("vt220", "┌─┐│✓", "+-+|*"),
        ("xterm", "数据库", "数据库"),
        ("linux", "数据", "????"),
        ("linux", "plain", "plain"),
    ],
)
def test_stand_ins(kind: str, text: str, shown: str) -> None:
    assert TERMINALS[kind].text(text) == shown


def let_out(kind: str, style: Style) -> Style:
    (segment,) = KeepTo(TERMINALS[kind]).apply([Segment("x", style)], Color(0, 0, 0))
    assert segment.style is not None
    return segment.style


def test_a_virtual_terminal_gets_no_bright_backgrounds_dim_text_or_links() -> None:
    style = let_out("linux", Style.parse("dim italic strike blink white on bright_red link https://example.net"))
    assert style.bgcolor is not None and style.bgcolor.number == 1
    assert not (style.dim or style.italic or style.strike or style.blink or style.link)


def test_a_vt220_gets_reverse_for_a_background_and_no_colours() -> None:
    style = let_out("vt220", Style.parse("bold red on blue"))
    assert style.reverse and style.bold and style.color is None and style.bgcolor is None
    assert not let_out("vt220", Style.parse("red on black")).reverse
    assert not let_out("vt220", Style.parse("reverse on blue")).reverse


@pytest.mark.parametrize(
    ("term", "kind"),
    [("linux", "linux"), ("vt220", "vt220"), ("xterm-256color", "xterm"), ("screen.linux", "xterm"), ("tmux-256color", "xterm"),
     ("", "vt220"), ("dumb", "vt220"), ("unknown", "vt220"), ("ansi\x1b[", "vt220"), ("linux-16color", "xterm")],
)  # fmt: skip
def test_what_a_term_stands_for(term: str, kind: str) -> None:
    assert terminal_for(term).name == kind
    assert terminal_for(environment_for(term)["TERM"]).name == kind


@pytest.mark.parametrize("name", ["COLUMNS", "LINES", "NO_COLOR", "TEXTUAL_LOG", "TEXTUAL_PRESS", "TEXTUAL_DRIVER", "COLORTERM"])
def test_variables_of_others_do_not_change_the_console(name: str) -> None:
    assert is_meddling(name)
    assert not is_meddling("PATH")
