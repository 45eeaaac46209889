"""What the vendor's command and the shell gate say to each other, read out on a telephone: challenges and answers as text.

Crockford's base32 in parts, each with a check symbol of its own, so that a typing mistake is found where it was made. The check
symbol is the part's number and symbols as a polynomial over GF(32) (x^5+x^2+1): it finds every single wrong symbol, every two that
were swapped, and parts in the wrong order, and needs no letters beyond the alphabet, as Crockford's own check symbol would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NONCE_BYTES = 11
ANSWER_LINES, ANSWER_LINE_SYMBOLS = 7, 16

_CONTEXT = b"migration appliance, shell gate, answer, version 1\0"
_VERSION = 1
_ROLES = {"oma": 1, "vma": 2}
_APPLIANCE_ID = re.compile(r"(oma|vma)-([0-9a-f]{16})")
_LOOKALIKES = str.maketrans("oOiIlL", "001111")
_IGNORED = re.compile(r"[\s.,\-\u2010-\u2015]+")


class Unreadable(ValueError):
    """A text that can't be a challenge or an answer."""


class Mistyped(Unreadable):
    """One part has a typing mistake; `part` counts from 1."""

    def __init__(self, part: int) -> None:
        self.part = part
        super().__init__(f"part {part} has a typing mistake")


class Incomplete(Unreadable):
    """There are fewer or more symbols than there should be, and no part is wrong by itself."""

    def __init__(self, found: int, expected: int) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"{found} letters and digits instead of {expected}")


@dataclass(frozen=True)
class _Form:
    """How many bytes go into how many parts of how many symbols (without the check symbol)."""

    size: int
    parts: int
    symbols: int


_CHALLENGE = _Form(size=1 + 8 + NONCE_BYTES, parts=8, symbols=4)
_ANSWER = _Form(size=64, parts=ANSWER_LINES, symbols=ANSWER_LINE_SYMBOLS - 1)


@dataclass(frozen=True)
class Challenge:
    """What an appliance asks the vendor to sign. `appliance_id` is `oma-` or `vma-` and 16 hex digits."""

    appliance_id: str
    nonce: bytes

    def text(self) -> str:
        """Two rows of four groups of five symbols."""
        role, number = _named(self.appliance_id)
        groups = _encode(bytes([_VERSION << 4 | _ROLES[role]]) + number + self.nonce, _CHALLENGE)
        return f"{' '.join(groups[:4])}\n{' '.join(groups[4:])}"

    def message(self) -> bytes:
        """What is signed: nothing else that the vendor's key may ever sign begins like this."""
        return _CONTEXT + self.appliance_id.encode() + b"\0" + self.nonce

    @classmethod
    def read(cls, text: str) -> Challenge:
        """The challenge again, as it was typed. Raises Mistyped, Incomplete or Unreadable."""
        data = _decode(text, _CHALLENGE)
        roles = {number: role for role, number in _ROLES.items()}
        if data[0] >> 4 != _VERSION or data[0] & 15 not in roles:
            raise Unreadable("a challenge of another version")
        return cls(f"{roles[data[0] & 15]}-{data[1:9].hex()}", data[9:])


def answer_text(signature: bytes) -> str:
    """A signature (64 bytes) as seven lines of four groups of four symbols."""
    lines = _encode(signature, _ANSWER)
    return "\n".join(" ".join(line[at : at + 4] for at in range(0, len(line), 4)) for line in lines)


def read_answer(text: str) -> bytes:
    """The signature again, as it was typed or pasted. Raises Mistyped or Incomplete."""
    return _decode(text, _ANSWER)


def _named(appliance_id: str) -> tuple[str, bytes]:
    found = _APPLIANCE_ID.fullmatch(appliance_id)
    if found is None:
        raise ValueError(f"{appliance_id} is not an appliance's id")
    return found[1], bytes.fromhex(found[2])


def _encode(data: bytes, form: _Form) -> list[str]:
    if len(data) != form.size:
        raise ValueError(f"{len(data)} bytes instead of {form.size}")
    number, count = int.from_bytes(data), form.parts * form.symbols
    text = "".join(SYMBOLS[number >> 5 * place & 31] for place in reversed(range(count)))
    parts = [text[at : at + form.symbols] for at in range(0, count, form.symbols)]
    return [part + _check(index, part) for index, part in enumerate(parts, 1)]


def _check(index: int, symbols: str) -> str:
    total = index
    for symbol in symbols:
        total = _double(total) ^ SYMBOLS.index(symbol)
    return SYMBOLS[_double(total)]


def _double(value: int) -> int:
    """Times x in GF(32)."""
    return value << 1 ^ (0b100101 if value & 16 else 0)


def _decode(text: str, form: _Form) -> bytes:
    symbols, width = _plain(text), form.symbols + 1
    parts = [symbols[at : at + width] for at in range(0, len(symbols), width)]
    if len(symbols) != form.parts * width or not all(_is_right(index, part, width) for index, part in enumerate(parts, 1)):
        raise _mistake(_as_typed(text, form.parts) or parts, len(symbols), form)
    number = 0
    for symbol in "".join(part[:-1] for part in parts):
        number = number << 5 | SYMBOLS.index(symbol)
    if number >> 8 * form.size:
        raise Mistyped(1)
    return number.to_bytes(form.size)


def _plain(text: str) -> str:
    """Without what is only there to be read, in capitals, with the letters that look like digits as those."""
    return "".join(one.upper() if one.isascii() else one for one in _IGNORED.sub("", text).translate(_LOOKALIKES))


def _as_typed(text: str, parts: int) -> list[str] | None:
    """The parts as whoever typed them set them apart, by lines or by spaces, when there are as many as there should be."""
    for pieces in (text.splitlines(), text.split()):
        found = [plain for piece in pieces if (plain := _plain(piece))]
        if len(found) == parts:
            return found
    return None


def _is_right(index: int, part: str, width: int) -> bool:
    return len(part) == width and set(part) <= set(SYMBOLS) and _check(index, part[:-1]) == part[-1]


def _mistake(parts: list[str], found: int, form: _Form) -> Unreadable:
    """The first part that is wrong; the last one of too short an entry is not wrong by itself."""
    width = form.symbols + 1
    for index, part in enumerate(parts[: form.parts], 1):
        is_cut_off = index == len(parts) and len(parts) < form.parts and len(part) < width
        if not is_cut_off and not _is_right(index, part, width):
            return Mistyped(index)
    return Incomplete(found, form.parts * width)
