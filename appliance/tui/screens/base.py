"""What every screen of the console has: its bars, its help, and data that is kept fresh."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.worker import Worker

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.tui.pump import LastToGo, Persevering
from appliance.tui.widgets.bars import KeyBar, TitleBar
from appliance.tui.widgets.dialog import Confirm
from appliance.tui.widgets.form import in_one_sentence
from appliance.tui.widgets.notice import Kind, News, Notice, kind_of

if TYPE_CHECKING:
    from appliance.tui.app import Console

Answer = TypeVar("Answer")

SLOW = 3.0
"""Seconds without an answer after which the screen says that the agent is slow."""

SHARE, LONGEST = 0.005, 5.0
"""The share of a processor that keeping a screen fresh may take: long lists are asked for less often, at least every so many seconds."""


class ConsoleScreen(Persevering, LastToGo, Screen[None], inherit_bindings=False):
    """A screen. Subclasses give `NAME` (for the documentation), `HEADING`, `HELP`, `body()` and `load()`."""

    NAME: ClassVar[str] = ""
    HEADING: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    EVERY: ClassVar[float] = 2.0
    SLOW_AFTER: ClassVar[float] = SLOW

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,ctrl+g", "help", "Help"),
        Binding("escape", "leave", "Back"),
        Binding("f5,ctrl+r", "reload", "Refresh", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.asked = False
        """Whether the agent was asked at least once since the screen came up."""
        self._wake = asyncio.Event()
        self._was_hidden = False
        self._complaint = ""
        self._doing: Worker[None] | None = None

    @property
    def console_app(self) -> Console:
        """The console that this screen belongs to."""
        return cast("Console", self.app)

    @property
    def is_ready(self) -> bool:
        """Whether a key that is typed has something to act on; it waits a moment otherwise (`typist.py`)."""
        return self.asked

    def compose(self) -> ComposeResult:
        """Title, body, news, keys."""
        yield TitleBar(self.HEADING)
        with Vertical(id="body"):
            yield from self.body()
        yield Notice()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """What is between the bars."""
        yield from ()

    async def load(self) -> None:
        """Ask the agent and show what it says. Called when the screen comes up, and every `EVERY` seconds while it is seen."""

    def on_mount(self) -> None:
        """Begin to ask."""
        self.query_one(Notice).display = False
        self.run_worker(self._keep_fresh(), name="fresh", group="fresh", exclusive=True)

    def on_screen_suspend(self) -> None:
        """Another screen is in front."""
        self._was_hidden = True

    def on_screen_resume(self) -> None:
        """Seen again: what is shown may be old."""
        if self._was_hidden:
            self._was_hidden = False
            self._wake.set()

    def action_reload(self) -> None:
        """Ask again now."""
        self._wake.set()

    def action_help(self) -> None:
        """Show this screen's help."""
        from appliance.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self))

    def action_leave(self) -> None:
        """Back to the screen before."""
        self.console_app.leave(self)

    def say(self, text: str, kind: str = "success") -> None:
        """A line of news on this screen: `info`, `success`, `warning` or `error`, or the tone of one. An empty text clears it.

        News are kept to be read again, but for `info`, which is about what goes on just now.
        """
        found = kind_of(kind)
        self.query_one(Notice).say(text, found)
        if text and found is not Kind.INFO:
            self.console_app.news.keep(News(self.console_app.clock(), self.HEADING, found, text))

    def once(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do this, unless something is being done still: a key that is pressed twice asks the agent once, and breaks nothing off."""
        if self._doing is None or self._doing.is_finished:
            self._doing = self.run_worker(work(), group="doing")

    async def attempt(self, work: Awaitable[Answer], done: str = "") -> Answer | None:
        """Do something at the agent: says `done` when it succeeds, or why it was refused; None then."""
        try:
            answer = await work
        except Fault as error:
            self.say(in_one_sentence(error), "error")
            return None
        if done:
            self.say(done)
        self._wake.set()
        return answer

    async def confirmed(self, question: str, consequences: str, *, word: str = "") -> bool:
        """Ask first; only from a worker."""
        answer: bool = await self.console_app.push_screen_wait(Confirm(question, consequences, word=word))
        return answer

    def _complain(self, text: str) -> None:
        """Say that the data could not be had; empty takes that back, but no other news."""
        if text or (self._complaint and self.query_one(Notice).said == self._complaint):
            self.say(text, "error")
        self._complaint = text

    async def _keep_fresh(self) -> None:
        while True:
            began = time.process_time()
            if self.is_current:
                await self._ask()
            self._wake.clear()
            cost = time.process_time() - began
            try:
                async with asyncio.timeout(max(self.EVERY, min(LONGEST, cost / SHARE))):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        slow = self.set_timer(self.SLOW_AFTER, lambda: self.console_app.alarm("The agent is slow"))
        try:
            await self.load()
            self.console_app.alarm("")
            self._complain("")
        except Fault as error:
            if error.key == UNREACHABLE.key:
                self.console_app.alarm("The agent does not answer; trying again")
            else:
                self.console_app.alarm("")
                self._complain(in_one_sentence(error))
        finally:
            slow.stop()
            self.asked = True
            self.console_app.tell_title()
