"""The terminal driver: Textual's own, without questions to terminals that would show them, deaf to job control, and gone with its line."""

from __future__ import annotations

import os
import select
import signal
import termios
import time
from typing import TYPE_CHECKING

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.events import InputEvent
from textual.message import Message

from appliance.tui.keyboard import Keyboard
from appliance.tui.signals import be_deaf
from appliance.tui.typist import Typist
from appliance.tui.vt import terminal_for

if TYPE_CHECKING:
    from textual.app import App

UNWANTED = ("\x1b]", "\x1b[<", "\x1b[>", "\x1b[?1004")
"""Beginnings of sequences that no terminal gets: system commands (titles, clipboards), keyboard protocols, focus reports."""

LOOK_EVERY, LOOK_SOON = 0.1, 0.01
"""Seconds between looks at the keyboard; while it may be Esc or the beginning of another key, soon."""


class Writer(WriterThread):
    """Writes to the terminal; when that is gone, to nowhere, so that nobody waits for it."""

    def run(self) -> None:
        """Until told to stop."""
        try:
            super().run()
        except (OSError, ValueError):
            while self._queue.get() is not None:
                pass


linux_driver.WriterThread = Writer  # type: ignore[attr-defined]  # Textual's own module


class ConsoleDriver(LinuxDriver):
    """Draws to the terminal and reads its keys."""

    def __init__(self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._terminal = terminal_for(os.environ.get("TERM", ""))
        self._typist: Typist | None = None
        be_deaf()

    def write(self, data: str) -> None:
        """To the terminal, while there is one, without what it would show as rubbish."""
        if self._writer_thread is not None and self._writer_thread.is_alive() and not data.startswith(UNWANTED):
            super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal; the original sets some signals back to their default on the way."""
        self._typist = Typist(self._app)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own has no annotation
        be_deaf()

    def stop_application_mode(self) -> None:
        """Give it back, blank: one without a second screen would keep what was shown last."""
        self.write("\x1b[0m\x1b[2J\x1b[H")
        super().stop_application_mode()
        if self._typist is not None:
            self._typist.stop()

    def send_message(self, message: Message) -> None:
        """To the app; what was typed, in its order. Called in the thread that reads."""
        if self._typist is not None and isinstance(message, InputEvent):
            self._typist.take(message)
        else:
            super().send_message(message)

    def run_input_thread(self) -> None:
        """Pass on keys until the console stops reading them, or the line is gone."""
        keyboard = Keyboard()
        while not self.exit_event.is_set():
            readable, _, _ = select.select([self.fileno], [], [], LOOK_SOON if keyboard.is_waiting else LOOK_EVERY)
            data = _read(self.fileno) if readable else b""
            if readable and not data:
                if _is_gone(self.fileno):
                    os.kill(os.getpid(), signal.SIGHUP)
                    return
                time.sleep(LOOK_EVERY)
            for message in keyboard.feed(data) if data else keyboard.tick():
                self.process_message(message)

    def _sigcont_application(self, *_: object) -> None:
        """Stopped and continued from outside: drawn again, but nothing is started twice."""
        if self._auto_restart:
            self._loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))

    def _request_terminal_sync_mode_support(self) -> None:
        if self._terminal.queries:
            super()._request_terminal_sync_mode_support()

    def _query_in_band_window_resize(self) -> None:
        """Never: the kernel tells when the size changes."""


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def _is_gone(descriptor: int) -> bool:
    try:
        termios.tcgetattr(descriptor)
    except termios.error:
        return True
    return False
