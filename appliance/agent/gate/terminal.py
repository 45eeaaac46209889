"""The agent's end of a pseudo-terminal, read and written without blocking the loop."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import termios

_CHUNK = 32768
_PENDING_LIMIT = 1 << 16
"""Bytes typed ahead that are kept for a program that does not read."""


class Terminal:
    """One pseudo-terminal; `other_end` is the descriptor for the program, to be closed once it runs."""

    def __init__(self, rows: int, columns: int) -> None:
        self._fd, self.other_end = pty.openpty()
        os.set_blocking(self._fd, False)
        self._loop = asyncio.get_running_loop()
        self._pending = bytearray()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.resize(rows, columns)

    def resize(self, rows: int, columns: int) -> None:
        """Set the size; the program in front is told by the kernel."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def read(self) -> bytes:
        """What the program wrote; empty when nobody has the other end open any more."""
        while True:
            try:
                return os.read(self._fd, _CHUNK)
            except BlockingIOError:
                await self._readable()
            except OSError:  # EIO: the other end is closed; pty(7)
                return b""

    async def write(self, data: bytes) -> None:
        """Give typed bytes to the program; waits only when it has left many unread."""
        if not self._pending:
            self._loop.add_writer(self._fd, self._flush)
        self._pending += data
        if len(self._pending) > _PENDING_LIMIT:
            self._has_room.clear()
        await self._has_room.wait()

    def close(self) -> None:
        """Close it: whoever is still on the other end is hung up."""
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        os.close(self._fd)

    async def _readable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._fd, _resolve, ready)
        try:
            await ready
        finally:
            self._loop.remove_reader(self._fd)

    def _flush(self) -> None:
        try:
            with contextlib.suppress(BlockingIOError):
                del self._pending[: os.write(self._fd, self._pending)]
        except OSError:  # nobody reads any more
            self._pending.clear()
        if not self._pending:
            self._loop.remove_writer(self._fd)
        if len(self._pending) <= _PENDING_LIMIT:
            self._has_room.set()


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
