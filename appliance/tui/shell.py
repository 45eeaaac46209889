"""The console's end of the vendor's shell: brings this terminal to the agent's, until one of them ends."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

from appliance.contract.shell import SIZE_LIMIT, FrameProblem, Frames, Hello, Kind, frame, size_frame

_CHUNK = 32768
_LOOK_EVERY = 0.25
"""Seconds between looks at the terminal's size. A signal would be for the main thread alone, and the screens have theirs there."""

_NOT_OPEN = "The shell is not open any more."
_LOST = "The connection to the appliance's agent was lost, and the shell has ended with it."
_PLAIN_AGAIN = b"\x1b[0m\x1b[?25h\r\n"
"""Normal colours, a cursor, a new line: what a program that was ended in the middle may have left otherwise."""


def relay(path: Path, ticket: str) -> str:
    """Give this terminal (standard input and output) to the shell behind the socket; returns the sentence why it ended.

    For a console that is suspended; may be called in any thread. The terminal is as it was when this returns.
    """
    connection = socket.socket(socket.AF_UNIX)
    with connection:
        try:
            connection.connect(str(path))
            connection.sendall(_hello(ticket))
        except OSError:
            return _NOT_OPEN
        with _raw(sys.__stdin__.fileno() if sys.__stdin__ else 0) as keyboard:
            screen = sys.__stdout__.fileno() if sys.__stdout__ else 1
            try:
                return _Relay(connection, keyboard, screen).run()
            except (OSError, FrameProblem):
                return _LOST
            finally:
                with contextlib.suppress(OSError):
                    _write(screen, _PLAIN_AGAIN)


class _Relay:
    """One connection between a keyboard, a screen and the shell's socket."""

    def __init__(self, connection: socket.socket, keyboard: int, screen: int) -> None:
        self._connection, self._keyboard, self._screen = connection, keyboard, screen
        self._frames = Frames()
        self._outgoing = bytearray()
        self._size = _size(keyboard)
        connection.setblocking(False)

    def run(self) -> str:
        """Relay until the shell says that it has ended. Raises OSError or FrameProblem when the connection breaks."""
        while True:
            readable, writable = self._wait()
            if self._connection.fileno() in readable and (ended := self._show()) is not None:
                return ended
            if self._keyboard in readable and not self._type():
                return _LOST
            if writable:
                del self._outgoing[: self._connection.send(self._outgoing)]
            self._follow_size()

    def _wait(self) -> tuple[list[int], list[int]]:
        """What can be read and written now. While much is on its way, nothing more is taken from the keyboard."""
        socket_fd, is_full = self._connection.fileno(), len(self._outgoing) > _CHUNK
        reading = [socket_fd] if is_full else [socket_fd, self._keyboard]
        readable, writable, _ = select.select(reading, [socket_fd] if self._outgoing else [], [], _LOOK_EVERY)
        return readable, writable

    def _show(self) -> str | None:
        """What came from the shell goes to the screen; the sentence, when it has ended."""
        data = self._connection.recv(_CHUNK)
        for kind, payload in self._frames.feed(data):
            if kind is Kind.END:
                return payload.decode(errors="replace")
            _write(self._screen, payload)
        return None if data else _LOST

    def _type(self) -> bool:
        """What was typed is for the shell; False when the terminal is gone."""
        data = os.read(self._keyboard, _CHUNK)
        if data:
            self._outgoing += frame(Kind.DATA, data)
        return bool(data)

    def _follow_size(self) -> None:
        size = _size(self._keyboard)
        if size != self._size:
            self._size = size
            self._outgoing += size_frame(*size)


def _hello(ticket: str) -> bytes:
    rows, columns = _size(sys.__stdin__.fileno() if sys.__stdin__ else 0)
    term = re.sub(r"[^A-Za-z0-9._+-]", "", os.environ.get("TERM", "")).lstrip("._+-")[:40] or "linux"
    return Hello.model_validate({"ticket": ticket, "rows": rows, "columns": columns, "term": term}).model_dump_json().encode() + b"\n"


def _size(terminal: int) -> tuple[int, int]:
    """Rows and columns, within the limits; 25 by 80 where the terminal does not tell (a serial line)."""
    columns, rows = os.get_terminal_size(terminal)
    return min(rows, SIZE_LIMIT) or 25, min(columns, SIZE_LIMIT) or 80


@contextlib.contextmanager
def _raw(terminal: int) -> Iterator[int]:
    """Every key as it is typed, none acted on here; as before afterwards, without what was typed too late."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal)
    try:
        yield terminal
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
