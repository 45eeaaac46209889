"""What bytes mean as keys, and that none of them can do harm."""

from __future__ import annotations

import random
import time

import pytest
from textual.constants import ESCAPE_DELAY
from textual.events import Key, MouseEvent, Paste, Resize
from textual.message import Message

from appliance.tui.keyboard import LONGEST_PASTE, PASTE_SILENCE, Keyboard
from tests.tui.terminal import keys_of

NAMED = {
    "kf1": "f1", "kf2": "f2", "kf3": "f3", "kf4": "f4", "kf5": "f5", "kf6": "f6", "kf7": "f7", "kf8": "f8", "kf9": "f9", "kf10": "f10",
    "kf12": "f12", "kcuu1": "up", "kcud1": "down", "kcub1": "left", "kcuf1": "right", "kpp": "pageup", "knp": "pagedown",
    "kdch1": "delete", "kbs": "backspace", "khome": "home", "kend": "end",
}  # fmt: skip
TERMS = ("linux", "vt220", "xterm-256color", "tmux-256color", "screen")


class Clock:
    """Time that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def names(messages: list[Message]) -> list[str]:
    return [one.key for one in messages if isinstance(one, Key)]


@pytest.mark.parametrize("term", TERMS)
def test_keys_as_terminfo_spells_them(term: str) -> None:
    spelt = keys_of(term)
    # Terminfo gives the arrows of a terminal in its application mode; it is left in the other one, where they begin with ESC [.
    for name, key in NAMED.items():
        if name in spelt:
            found = names(Keyboard().feed(spelt[name]))
            assert found in ([key], ["ctrl+h"] if key == "backspace" else [key]), (term, name)


@pytest.mark.parametrize("key", ["\x1b[A", "\x1bOA"])
def test_arrows_in_both_modes(key: str) -> None:
    assert names(Keyboard().feed(key.encode())) == ["up"]


def test_a_key_that_comes_in_pieces() -> None:
    keyboard = Keyboard()
    assert [names(keyboard.feed(bytes([one]))) for one in b"\x1b[24~"][-1] == ["f12"]


def test_esc_alone_is_esc_once_nothing_follows() -> None:
    keyboard = Keyboard()
    assert keyboard.feed(b"\x1b") == []
    assert keyboard.is_waiting
    time.sleep(ESCAPE_DELAY)
    assert names(keyboard.tick()) == ["escape"]
    assert not keyboard.is_waiting


def test_bytes_that_are_no_utf_8_are_passed_over() -> None:
    assert names(Keyboard().feed(b"\xff\xfea\xc3")) == ["a"]


@pytest.mark.parametrize(
    "report",
    [
        b"\x1b[<0;3;3M",
        b"\x1b[M !!",
        b"\x1b[48;99999;99999;1;1t",
        b"\x1b[I",
        b"\x1b[O",
        b"\x1b[12;40R",
        b"\x1b[?2048;1$y",
        b"\x1b[?2048;2$y",
    ],
)
def test_reports_that_nobody_asked_for_mean_nothing(report: bytes) -> None:
    found = Keyboard().feed(report)
    assert not [one for one in found if isinstance(one, Resize | MouseEvent)]
    assert [type(one).__name__ for one in found if not isinstance(one, Key)] == []


@pytest.mark.parametrize("wrong", [b"\x1b[2147483648;1u", b"\x1b[1114112;1u", b"\x1b[97;1;99999999999u", b"\x1b[1;;;;;;u"])
def test_after_a_sequence_that_can_t_be_read_keys_work(wrong: bytes) -> None:
    keyboard = Keyboard()
    keyboard.feed(wrong)
    keyboard.feed(b"\x1b\x1b")
    assert "f12" in names(keyboard.feed(b"\x1b[24~"))


def test_a_paste_comes_in_one() -> None:
    (paste,) = Keyboard().feed(b"\x1b[200~two\nlines\x1b[201~")
    assert isinstance(paste, Paste) and paste.text == "two\nlines"


def test_a_paste_without_an_end_ends_by_itself() -> None:
    clock = Clock()
    keyboard = Keyboard(clock)
    keyboard.feed(b"\x1b[20")
    keyboard.feed(b"0~some text")
    assert keyboard.tick() == []
    clock.now += PASTE_SILENCE + 0.1
    (paste,) = keyboard.tick()
    assert isinstance(paste, Paste) and paste.text == "some text"
    assert names(keyboard.feed(b"a")) == ["a"]


def test_a_paste_is_not_longer_than_memory_allows() -> None:
    (paste,) = Keyboard().feed(b"\x1b[200~" + b"x" * (LONGEST_PASTE * 2) + b"\x1b[201~")
    assert isinstance(paste, Paste) and len(paste.text) == LONGEST_PASTE


@pytest.mark.parametrize("seed", range(20))
def test_noise_never_raises_and_afterwards_keys_work(seed: int) -> None:
    noise, clock = random.Random(seed), Clock()
    keyboard = Keyboard(clock)
    for _ in range(200):
        keyboard.feed(noise.choice([b"\x1b[", b"\x1b[200~", b"\x1b[<", b"\x1b[?", b""]) + noise.randbytes(noise.randrange(1, 40)))
    for _ in range(2):
        clock.now += PASTE_SILENCE + 0.1
        keyboard.tick()
    assert "f12" in names(keyboard.feed(b"\x1b\x1b[24~"))
