"""Which signals end the console, and which it is deaf to."""

from __future__ import annotations

import signal
from collections.abc import Callable

DEAF_TO = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGTTIN, signal.SIGTTOU)
"""Signals that must not end, stop or dump the console. SIGTERM and SIGHUP end it: the system stops it, the line is gone."""

END_WITHIN = 2
"""Whole seconds in which the console ends once it is told to; the kernel ends it then."""


def be_deaf() -> None:
    """Ignore what a keyboard or a careless `kill` may send."""
    for number in DEAF_TO:
        signal.signal(number, signal.SIG_IGN)


def end_by(stop: Callable[[], None]) -> None:
    """When the system ends the console or its line is gone, call `stop`; and end for certain soon after."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(END_WITHIN)
        stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
