"""The console's font has every character that the console writes, in as many glyphs as leave VGA text all of its colours."""

import gzip
from pathlib import Path

import pytest

from appliance.tui.vt import TERMINALS
from image.consolefont import (
    DOUBLE,
    FONT,
    FONT_LICENCE,
    FONTS,
    GLYPHS,
    JOINED,
    LETTERS_FROM,
    LINES_FROM,
    Glyph,
    chosen,
    place_console_font,
    read,
    written,
)
from image.programs import BuildProblem


def stock(name: str) -> list[Glyph]:
    return read(gzip.decompress((FONTS / name).read_bytes()))


def made() -> list[Glyph]:
    return chosen(stock(LETTERS_FROM), stock(LINES_FROM))


def test_it_has_what_the_console_shows_on_a_virtual_terminal() -> None:
    font = read(written(made()))
    characters = {one for glyph in font for one in glyph.characters}
    shown = {chr(code) for code in range(0x10000) if TERMINALS["linux"].shows(chr(code))}
    assert len(font) == GLYPHS and shown <= characters


def test_single_and_double_lines_are_different_pictures_and_the_stock_fonts_own() -> None:
    pictures = {one: glyph.rows for glyph in read(written(made())) for one in glyph.characters}
    letters, lines = ({one: glyph.rows for glyph in stock(name) for one in glyph.characters} for name in (LETTERS_FROM, LINES_FROM))
    assert pictures == {one: (lines if one in DOUBLE else letters)[one] for one in pictures}
    assert all(pictures[single] != pictures[double] for single, double in zip("─│┌┐└┘", "═║╔╗╚╝", strict=True))


def test_lines_that_reach_the_right_edge_are_where_vga_text_goes_on_with_them() -> None:
    font = made()
    at = {one: number for number, glyph in enumerate(font) for one in glyph.characters}
    assert all(0xC0 <= at[one] <= 0xDF for one in JOINED)
    longer = {glyph.characters[0] for glyph in font[0xC0 + len(JOINED) : 0xE0] if any(row & 1 for row in glyph.rows)}
    assert longer == {"Ø"}  # the tip of its stroke


def test_letters_are_where_latin_1_has_them_so_that_raw_text_can_be_read_too() -> None:
    font = made()
    assert all(letter in font[ord(letter)].characters for letter in "AZaz09~é÷ÿ")


def test_it_comes_into_the_image_with_its_licence(tmp_path: Path) -> None:
    place_console_font(tmp_path)
    assert len(read((tmp_path / FONT).read_bytes())) == GLYPHS
    assert "Terminus" in (tmp_path / FONT_LICENCE).read_text()


@pytest.mark.parametrize("font", [b"", b"\x36\x04\x00\x10", b"\x72\xb5\x4a\x86" + bytes(28)])
def test_a_font_of_another_form_is_refused(font: bytes) -> None:
    with pytest.raises(BuildProblem):
        read(font)


def test_a_stock_font_without_a_line_is_refused() -> None:
    with pytest.raises(BuildProblem, match="║"):
        chosen([Glyph(one.rows, tuple(set(one.characters) - {"║"})) for one in stock(LETTERS_FROM)], [])


def test_a_machine_without_the_fonts_is_told_what_installs_them(tmp_path: Path) -> None:
    with pytest.raises(BuildProblem, match="setup-image"):
        place_console_font(tmp_path, tmp_path / "gone")
