"""The socket by which a console comes to the shell: it lets one ticket in, once."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.contract.shell import HELLO_LIMIT, Hello, Kind, frame

_log = logging.getLogger(__name__)

_REFUSED = b"This is not the ticket that the shell was opened for."
_LATE = b"Somebody else has entered the shell, or the time to enter is over."


def nobody_else(_: Path) -> None:
    """Leaves the socket to the agent's own user."""


@dataclass(frozen=True)
class Guest:
    """A console with the right ticket."""

    hello: Hello
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Entrance:
    """Listens for the one guest who has the ticket; everybody else is told that it is not theirs."""

    def __init__(
        self, path: Path, hello_limit: float, on_refused: Callable[[str], Awaitable[None]], admit: Callable[[Path], None] = nobody_else
    ) -> None:
        self._path, self._hello_limit, self._on_refused, self._admit = path, hello_limit, on_refused, admit
        self.ticket = secrets.token_urlsafe(32)
        self.guest: asyncio.Future[Guest] = asyncio.get_running_loop().create_future()
        self._callers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. Before anybody can connect the socket is ours alone, and theirs whom `admit` lets in."""
        sock = await asyncio.to_thread(_bound, self._path, self._admit)
        self._server = await asyncio.start_unix_server(self._called, sock=sock, limit=HELLO_LIMIT)

    async def close(self) -> None:
        """Listen no longer; callers who have not shown the ticket yet are let go."""
        if self._server is not None:
            self._server.close()
        for caller in self._callers:
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)
        self.guest.cancel()
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = asyncio.create_task(self._answer(reader, writer))
        self._callers.add(caller)
        caller.add_done_callback(self._callers.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_guest = False
        try:
            hello = await self._hello(reader)
            if hello is None or not _is_same(hello.ticket.get_secret_value(), self.ticket):
                await self._on_refused("wrong ticket")
                await send(writer, Kind.END, _REFUSED)
            elif self.guest.done():
                await send(writer, Kind.END, _LATE)
            else:
                is_guest = True
                self.guest.set_result(Guest(hello, reader, writer))
        except (OSError, TimeoutError) as problem:
            _log.info("a caller at the shell's socket left: %s", type(problem).__name__)
        finally:
            if not is_guest:
                writer.close()

    async def _hello(self, reader: asyncio.StreamReader) -> Hello | None:
        try:
            async with asyncio.timeout(self._hello_limit):
                return Hello.model_validate_json(await reader.readline())
        except ValueError:  # not a hello, or a line beyond the limit
            return None


async def send(writer: asyncio.StreamWriter, kind: Kind, payload: bytes) -> None:
    """Send one frame. Raises ConnectionError when the console is gone."""
    if writer.is_closing():
        raise ConnectionResetError
    writer.write(frame(kind, payload))
    await writer.drain()


def _is_same(shown: str, ticket: str) -> bool:
    return hmac.compare_digest(shown.encode(), ticket.encode())


def _bound(path: Path, admit: Callable[[Path], None]) -> socket.socket:
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.bind(str(path))
        path.chmod(0o600)
        admit(path)
    except OSError:
        sock.close()
        raise
    return sock
