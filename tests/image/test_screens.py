"""Screens read from the memory of a virtual terminal, and from what a serial port printed."""

from __future__ import annotations

import pytest

from tests.image import screens


def test_a_virtual_terminal_is_read_line_by_line() -> None:
    memory = bytes([2, 4, 0, 0]) + "ab  │é  ".encode("utf-32-le")
    assert screens.virtual(memory) == "ab\n│é"


@pytest.mark.parametrize("memory", [b"", b"\x02\x04", bytes([2, 4, 0, 0]) + b"a\0\0\0"])
def test_a_screen_that_was_cut_off_is_no_screen(memory: bytes) -> None:
    with pytest.raises(ValueError, match="not a whole screen"):
        screens.virtual(memory)


def test_a_serial_terminal_shows_what_was_drawn_last() -> None:
    assert screens.serial(b"old\x1b[2J\x1b[1;3Hnew\x1b[2;1Hsecond").split("\n")[:2] == ["  new", "second"]


def test_a_serial_terminal_gets_over_a_garbled_sequence() -> None:
    assert screens.serial(b"\x1b[1;2;3Hhere").split("\n")[0] == " here"


def test_a_text_modes_memory_is_characters_and_colours() -> None:
    assert screens.text_mode(b"a\x07\xc4\x70" + bytes(156) + b"b\x07" + bytes(158) + bytes(160)) == "a─\nb"
