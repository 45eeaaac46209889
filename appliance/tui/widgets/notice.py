"""News of four kinds, each with a word and a colour: what goes on, what was done, what to know, what went wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rich.text import Text
from textual.widgets import Static

KEPT = 100
"""News that can be read again."""


class Kind(StrEnum):
    """What a piece of news is. Never the colour alone says it."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"

    @property
    def word(self) -> str:
        """What stands before the sentence."""
        return _WORDS[self]

    @property
    def tone(self) -> str:
        """How it is shown in lists and facts."""
        return _TONES[self]


_WORDS = {Kind.INFO: "Note", Kind.SUCCESS: "Done", Kind.WARNING: "Warning", Kind.ERROR: "Error"}
_TONES = {Kind.INFO: "", Kind.SUCCESS: "good", Kind.WARNING: "warning", Kind.ERROR: "bad"}
_OF_TONES = {"good": Kind.SUCCESS, "bad": Kind.ERROR, "": Kind.INFO}


def kind_of(name: str) -> Kind:
    """The kind of this name, or the one that has this tone: what was found has a tone, and is told as news too (pure)."""
    return _OF_TONES.get(name) or Kind(name)


@dataclass(frozen=True)
class News:
    """One piece of news: when, on which screen, of what kind, and what."""

    at: datetime
    screen: str
    kind: Kind
    text: str


class Notice(Static):
    """The line for news. `said` and `kind` are what stands there."""

    def __init__(self) -> None:
        super().__init__("", id="notice", markup=False)
        self.said, self.kind = "", Kind.INFO

    def say(self, text: str, kind: Kind) -> None:
        """Show a sentence. An empty one clears the line."""
        self.said, self.kind = text, kind
        for one in Kind:
            self.set_class(bool(text) and one is kind, f"-{one}")
        self.update(text)
        self.display = bool(text)

    def render(self) -> Text:
        """The word of its kind, and the sentence."""
        return Text.assemble((f"{self.kind.word}: ", "bold"), self.said) if self.said else Text("")


class Memory:
    """The last pieces of news, newest first."""

    def __init__(self) -> None:
        self._kept: deque[News] = deque(maxlen=KEPT)

    def keep(self, news: News) -> None:
        """Remember it; what is said again and again, such as a complaint, is there once, at its last time."""
        if self._kept and (self._kept[0].screen, self._kept[0].kind, self._kept[0].text) == (news.screen, news.kind, news.text):
            self._kept.popleft()
        self._kept.appendleft(news)

    @property
    def all(self) -> Sequence[News]:
        """All that are remembered."""
        return tuple(self._kept)
