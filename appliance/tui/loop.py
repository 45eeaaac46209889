"""The screens, started anew after each crash; between two runs of them the terminal stays theirs."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import termios
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.contract.client import Transport
from appliance.tui.agent import Agent
from appliance.tui.app import Console
from appliance.tui.driver import ConsoleDriver
from appliance.tui.signals import end_by
from appliance.tui.vt import terminal_for

_log = logging.getLogger(__name__)

PATIENCE = 40.0
"""Seconds for an answer of the agent; some take long because they try something."""

QUICK = 10.0
"""A crash within so many seconds of the one before is one of a row."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between a crash and the next run; twice as long with each crash of a row."""

FALL_BACK_AFTER = 2
"""So many crashes of the first screen in a row, and a plainer one takes its place."""

KEPT_REPORTS = 20
"""Crashes that are remembered until the agent takes them."""


@dataclass
class Crashes:
    """What has crashed so far. `sentence` says the last, `reports` waits for the agent; `now` in seconds."""

    sentence: str = ""
    in_a_row: int = 0
    first_screen_in_a_row: int = 0
    reports: list[str] = field(default_factory=list)
    _last: float = float("-inf")

    def add(self, failure: BaseException, heading: str, *, first_screen: bool, now: float) -> None:
        """One more."""
        quick = now - self._last < QUICK
        self._last = now
        self.in_a_row = self.in_a_row + 1 if quick else 1
        self.first_screen_in_a_row = (self.first_screen_in_a_row if quick else 0) + 1 if first_screen else 0
        self.sentence = f"{heading or 'the first one'} ({type(failure).__name__})."
        report = "".join(traceback.format_exception(failure))
        self.reports.append(f"The console's screen {self.sentence} has crashed.\n{report}")
        del self.reports[:-KEPT_REPORTS]

    @property
    def pause(self) -> float:
        """Seconds to wait before the next run."""
        return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(10, self.in_a_row - 1)))

    @property
    def fall_back(self) -> bool:
        """Whether the first screen is not to be tried for now."""
        return self.first_screen_in_a_row >= FALL_BACK_AFTER


class Loop:
    """Runs the console on this terminal until it is left or ended."""

    def __init__(self, socket: Path, *, can_leave: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._socket, self._can_leave, self._clock = socket, can_leave, clock
        self._crashes = Crashes()
        self._console: Console | None = None
        self._ended = False

    def run(self) -> None:
        """Returns when the console was left, or ended by the system."""
        end_by(self._end)
        with _held(sys.stdin.fileno()):
            while not self._ended and self._run_once():
                self._wait(self._crashes.pause)

    def _run_once(self) -> bool:
        """Whether the screens have crashed, and are to be started anew."""
        crashes = self._crashes
        self._console = console = Console(
            Agent(Transport(unix=str(self._socket), timeout=PATIENCE)),
            terminal_for(os.environ.get("TERM", "")),
            can_leave=self._can_leave,
            crashed=crashes.sentence,
            fall_back=crashes.fall_back,
            reports=crashes.reports,
            driver_class=ConsoleDriver,
        )
        console.run(mouse=False)
        if console.failure is None and not console.was_left:
            console.failure = RuntimeError("the screens ended by themselves")
        if console.failure is None:
            return False
        _log.error("a screen has crashed", exc_info=console.failure)
        crashes.add(console.failure, console.failed_on, first_screen=console.failed_first, now=self._clock())
        return True

    def _wait(self, seconds: float) -> None:
        until = self._clock() + seconds
        while not self._ended and self._clock() < until:
            time.sleep(0.05)

    def _end(self) -> None:
        """From a signal's handler."""
        self._ended = True
        if self._console is not None:
            self._console.stop()


@contextlib.contextmanager
def _held(terminal: int) -> Iterator[None]:
    """The terminal shows nothing that is typed and sends no signals, from before the first screen until after the last."""
    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(terminal, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
