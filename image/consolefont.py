"""The console's font: 256 glyphs of two stock ones of Debian's (package console-setup-linux), those that the console's text consists of.

The stock fonts with all of its letters show double lines as single ones, by which the console marks what has the focus; those that tell
them apart lack letters, and have 512 glyphs, which costs VGA text its bright colours. Nothing is drawn anew here.
"""

import gzip
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from image.programs import BuildProblem

FONTS = Path("/usr/share/consolefonts")
LETTERS_FROM, LINES_FROM = "Uni2-Terminus16.psf.gz", "FullGreek-Terminus16.psf.gz"
LICENCE = Path("/usr/share/doc/console-setup-linux/copyright.fonts.gz")
FONT, FONT_LICENCE = Path("usr/share/consolefonts/appliance.psf"), Path("usr/share/doc/appliance-console-font/copyright")

GLYPHS = 256
_MAGIC, _MODE_512, _MODE_TABLE = b"\x36\x04", 0x01, 0x02  # psf1: kbd, psf.h
_SEQUENCE, _END = 0xFFFE, 0xFFFF

LETTERS = (*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x100)))
JOINED = "─┌└├┬┴┼═╔╚╠╦╩╬"
"""Their line reaches the right edge. VGA text has nine dots a character, and repeats the eighth for the slots 0xC0 to 0xDF alone."""
LINES = "│┐┘┤║╗╝╣░▒→…•€"
DOUBLE = frozenset("═║╔╗╚╝╠╣╦╩╬")
GOOD_TO_HAVE = "\ufffd–—‘’“”„←↑↓≤≥≠−ŒœŠšŽžŸ▓█▀▄◆·"
"""For the vendor's shell; as many as there is room for."""


@dataclass(frozen=True)
class Glyph:
    """One picture, eight dots wide, a byte a row, and the characters that it stands for."""

    rows: bytes
    characters: tuple[str, ...]


def place_console_font(root: Path, fonts: Path = FONTS) -> None:
    """Put font and licence into the root folder; raises BuildProblem when the stock fonts are not here, or not as they were."""
    try:
        letters, lines = (read(gzip.decompress((fonts / name).read_bytes())) for name in (LETTERS_FROM, LINES_FROM))
        licence = gzip.decompress(LICENCE.read_bytes())
    except OSError as error:
        raise BuildProblem(f"Debian's console fonts can't be read ({error}); scripts/setup-image installs them.") from error
    for path, content in ((FONT, written(chosen(letters, lines))), (FONT_LICENCE, licence)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def read(font: bytes) -> list[Glyph]:
    """The glyphs of a font in the form psf1, with its table of characters; raises BuildProblem for any other."""
    if font[:2] != _MAGIC or not font[2] & _MODE_TABLE:
        raise BuildProblem("The stock console font is not one of the form psf1 with a table of characters.")
    count, height = 512 if font[2] & _MODE_512 else 256, font[3]
    table = struct.unpack(f"<{(len(font) - 4 - count * height) // 2}H", font[4 + count * height :])
    pictures = (font[4 + number * height :][:height] for number in range(count))
    return [Glyph(rows, characters) for rows, characters in zip(pictures, _characters(table), strict=True)]


def _characters(table: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Of each glyph, the single characters; sequences of several are left out."""
    found: list[str] = []
    in_sequence = False
    for unit in table:
        if unit == _END:
            yield tuple(found)
            found, in_sequence = [], False
        elif unit == _SEQUENCE:
            in_sequence = True
        elif not in_sequence:
            found.append(chr(unit))


def chosen(letters: Sequence[Glyph], lines: Sequence[Glyph]) -> list[Glyph]:
    """The glyphs of the console's font, each in its slot; raises BuildProblem when a stock font lacks what has to be there."""
    stock = {character: glyph for glyph in letters for character in glyph.characters}
    stock |= {one: glyph for glyph in lines for one in glyph.characters if one in DOUBLE}
    if missing := {*LETTERS, *JOINED, *LINES} - stock.keys():
        raise BuildProblem(f"The stock console fonts have no {' '.join(sorted(missing))}.")
    slots: dict[int, str] = {0xC0 + number: character for number, character in enumerate(JOINED)}
    slots |= {ord(letter): letter for letter in LETTERS if ord(letter) not in slots}
    rest = [one for one in (*LETTERS, *LINES, *GOOD_TO_HAVE) if one in stock and one not in slots.values()]
    slots |= dict(zip((number for number in range(GLYPHS) if number not in slots), rest, strict=False))
    first = set(slots.values())
    blank = Glyph(bytes(len(letters[0].rows)), ())
    return [_led_by(slots[number], stock[slots[number]], first) if number in slots else blank for number in range(GLYPHS)]


def _led_by(character: str, glyph: Glyph, first: set[str]) -> Glyph:
    """The glyph for this character, and for those that the stock font shows by it and nothing else has a glyph for."""
    return Glyph(glyph.rows, (character, *(one for one in glyph.characters if one not in first)))


def written(glyphs: Sequence[Glyph]) -> bytes:
    """The font in the form psf1. A character belongs to the first glyph that has it."""
    seen: set[str] = set()
    table = []
    for glyph in glyphs:
        own = [character for character in glyph.characters if character not in seen]
        seen.update(own)
        table += [*map(ord, own), _END]
    header = _MAGIC + bytes([_MODE_TABLE, len(glyphs[0].rows)])
    return header + b"".join(glyph.rows for glyph in glyphs) + struct.pack(f"<{len(table)}H", *table)
