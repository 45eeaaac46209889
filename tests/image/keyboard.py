"""Keys of a PC's keyboard (US layout), in the names that QEMU has for them (qapi/ui.json, QKeyCode). Pure."""

from __future__ import annotations

from collections.abc import Iterator

Stroke = tuple[str, ...]
"""Keys that are down together, in the order in which they go down."""

_PLAIN = {
    " ": "spc", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right", ";": "semicolon", "'": "apostrophe",
    "`": "grave_accent", "\\": "backslash", ",": "comma", ".": "dot", "/": "slash", "\n": "ret", "\t": "tab",
}  # fmt: skip
_SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))


def stroke(name: str) -> Stroke:
    """A combination as it is written, such as `ctrl-alt-f2` or `ctrl-backslash`."""
    return tuple(name.split("-"))


def strokes(text: str) -> Iterator[Stroke]:
    """What types a text; raises ValueError for a character that no key has."""
    for one in text:
        if (one.isascii() and one.isalnum()) or one in _PLAIN or one in _SHIFTED:
            yield ("shift", _key(one)) if one.isupper() or one in _SHIFTED else (_key(one),)
        else:
            raise ValueError(f"no key types {one!r}")


def _key(character: str) -> str:
    plain = _SHIFTED.get(character, character).lower()
    return _PLAIN.get(plain, plain)
