"""What comes from the terminal's line, as keys and pasted text; nothing that comes can break it."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.events import Key, Paste
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

PASTE_SILENCE = 1.0
"""Seconds after which a paste ends that the terminal began and did not end; every key would be taken for a part of it otherwise."""

LONGEST_PASTE = 65_536
"""Characters of a pasted text that are kept."""

MEANT = (Key, Paste, TerminalSupportsSynchronizedOutput)
"""What is passed on. Not: mouse, focus, cursor and size reports, which nobody asked the terminal for: a line with noise on it can
make up any of them, for example a size of a thousand million columns."""

UNREADABLE = (ValueError, OverflowError, LookupError, TypeError, RuntimeError)
"""What the parser may raise over made-up sequences."""


class Keyboard:
    """Turns bytes into messages for the app."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._decode = getincrementaldecoder("utf-8")("ignore").decode
        self._parser = XTermParser()
        self._tail, self._pasting, self._heard = "", False, 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether the beginning of a key came that may also be all of it (Esc)."""
        return self._parser._timeout_time is not None

    def feed(self, data: bytes) -> list[Message]:
        """What these bytes mean."""
        text = self._decode(data)
        self._heard = self._clock()
        self._follow_paste(text)
        return self._meant(lambda: self._parser.feed(text)) if text else []

    def tick(self) -> list[Message]:
        """What silence means; to be asked a few times a second."""
        if self._pasting and self._clock() - self._heard > PASTE_SILENCE:
            return self.feed(BRACKETED_PASTE_END.encode())
        return self._meant(self._parser.tick)

    def _meant(self, parse: Callable[[], Iterable[Message]]) -> list[Message]:
        found: list[Message] = []
        try:
            for message in parse():
                if isinstance(message, Paste):
                    found.append(Paste(message.text[:LONGEST_PASTE]))
                elif isinstance(message, MEANT):
                    found.append(message)
        except UNREADABLE:
            self._parser, self._pasting = XTermParser(), False
        return found

    def _follow_paste(self, text: str) -> None:
        recent = self._tail + text
        begun, ended = recent.rfind(BRACKETED_PASTE_START), recent.rfind(BRACKETED_PASTE_END)
        if begun != ended:
            self._pasting = begun > ended
        self._tail = recent[-(len(BRACKETED_PASTE_START) - 1) :]
