"""One control tunnel as the OMA sees it: its reverse socket, and whether the far side answers."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
import asyncssh

from appliance.core.store import utcnow
from appliance.tunnel.protocol import REVERSE_PATH

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)

ANSWER_LIMIT = 10.0
"""Seconds the far side has to answer a hello."""
MISSES = 3


@dataclass(frozen=True)
class TunnelState:
    """How a tunnel is. `answer_age` and `round_trip` are in seconds; None before the first answer."""

    up: bool
    since: datetime | None = None
    address: str = ""
    version: int = 0
    boot_id: str = ""
    answer_age: float | None = None
    round_trip: float | None = None
    last_error: str = ""


async def say_hello(path: Path) -> dict[str, object]:
    """A real round trip to whatever peer API is behind a Unix socket.

    Raises OSError, TimeoutError or aiohttp.ClientError when there is no proper answer within `ANSWER_LIMIT`.
    """
    timeout = aiohttp.ClientTimeout(total=ANSWER_LIMIT)
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http, http.get("http://peer/hello") as response:
        response.raise_for_status()
        answer = await response.json()
        return answer if isinstance(answer, dict) else {}


class Tunnel:
    """A tunnel that has said hello. Higher numbers are newer."""

    def __init__(
        self, peer_id: str, boot_id: str, version: int, address: str, connection: asyncssh.SSHServerConnection, folder: Path
    ) -> None:
        self.peer_id, self.boot_id, self.version, self.address = peer_id, boot_id, version, address
        self.number, self.since, self.end_reason = next(_numbers), utcnow(), ""
        self.api_path = folder / "oma.sock"
        self._link, self._own = folder / "vma.sock", folder / f"vma-{self.number}.sock"
        self._connection = connection
        self._listener: asyncssh.SSHListener | None = None
        self._checking: asyncio.Task[None] | None = None
        self._answered: float | None = None
        self._round_trip: float | None = None

    @property
    def is_listening(self) -> bool:
        """Whether the peer's reverse socket is open on this tunnel."""
        return self._listener is not None

    def state(self) -> TunnelState:
        """How it is now."""
        age = None if self._answered is None else time.monotonic() - self._answered
        return TunnelState(self.is_listening, self.since, self.address, self.version, self.boot_id, age, self._round_trip)

    async def open_reverse(self) -> asyncssh.SSHListener:
        """Listen on a socket of our own, then let the peer's one name point to it in one step."""
        self._own.unlink(missing_ok=True)
        listener = await self._connection.forward_local_path(str(self._own), REVERSE_PATH)
        self._own.chmod(0o600)
        draft = self._link.with_suffix(f".{self.number}")
        draft.symlink_to(self._own.name)
        draft.replace(self._link)
        self._listener = listener
        return listener

    def close_reverse(self) -> None:
        """Close the reverse socket; the peer's name for it goes only if it is still ours."""
        if self._checking is not None:
            self._checking.cancel()
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        self._own.unlink(missing_ok=True)
        if self._link.is_symlink() and self._link.readlink() == Path(self._own.name):
            self._link.unlink()

    def abort(self, reason: str) -> None:
        """Cut the connection without a word."""
        self.end_reason = self.end_reason or reason
        self._connection.abort()

    def start_checking(self, every: float, on_answer: Callable[[], None]) -> None:
        """Say hello every so many seconds; a tunnel that stays silent is cut, so that the peer dials again."""
        self._checking = asyncio.ensure_future(self._check(every, on_answer))

    async def _check(self, every: float, on_answer: Callable[[], None]) -> None:
        misses = 0
        while misses < MISSES:
            began = time.monotonic()
            try:
                await say_hello(self._own)
            except (OSError, TimeoutError, aiohttp.ClientError) as error:
                misses += 1
                _log.info("no hello from %s: %r", self.peer_id, error)
            else:
                misses, self._answered = 0, time.monotonic()
                self._round_trip = self._answered - began
                on_answer()
            await asyncio.sleep(every)
        self.abort(f"{MISSES} hellos without an answer")
