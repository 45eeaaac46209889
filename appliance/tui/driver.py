"""The terminal driver: Textual's own, without questions to terminals that would show them, and deaf to job control."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

from appliance.tui.vt import terminal_for

if TYPE_CHECKING:
    from textual.app import App

DEAF_TO = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGTTIN, signal.SIGTTOU)
"""Signals that must not end, stop or dump the console. SIGTERM and SIGHUP end it: the system stops it, the line is gone."""

FOREIGN = ("\x1b]", "\x1b[<", "\x1b[>", "\x1b[?1004")
"""Beginnings of sequences that a bare terminal does not parse as such: system commands, keyboard protocols, focus reports."""


class ConsoleDriver(LinuxDriver):
    """Draws to the terminal and reads its keys."""

    def __init__(self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._terminal = terminal_for(os.environ.get("TERM", ""))
        be_deaf()

    def write(self, data: str) -> None:
        """To the terminal, without what it would show as rubbish."""
        if self._terminal.queries or not data.startswith(FOREIGN):
            super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal; the original sets some signals back to their default on the way."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own has no annotation
        be_deaf()

    def _request_terminal_sync_mode_support(self) -> None:
        if self._terminal.queries:
            super()._request_terminal_sync_mode_support()

    def _query_in_band_window_resize(self) -> None:
        if self._terminal.queries:
            super()._query_in_band_window_resize()


def be_deaf() -> None:
    """Ignore what a keyboard or a careless `kill` may send."""
    for number in DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
