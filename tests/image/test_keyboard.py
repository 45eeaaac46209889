"""Texts and combinations as keys."""

from __future__ import annotations

import pytest

from tests.image.keyboard import Stroke, stroke, strokes


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a7", [("a",), ("7",)]),
        ("A", [("shift", "a")]),
        ("10.0/8\n", [("1",), ("0",), ("dot",), ("0",), ("slash",), ("8",), ("ret",)]),
        ("!:?", [("shift", "1"), ("shift", "semicolon"), ("shift", "slash")]),
        ("\\|", [("backslash",), ("shift", "backslash")]),
    ],
)
def test_a_text_is_typed_as_on_a_keyboard(text: str, keys: list[Stroke]) -> None:
    assert list(strokes(text)) == keys


def test_what_no_key_has_is_not_typed() -> None:
    with pytest.raises(ValueError, match="no key types"):
        list(strokes("ä"))


def test_a_combination_is_held_in_its_order() -> None:
    assert stroke("ctrl-alt-f2") == ("ctrl", "alt", "f2")
