"""What a peer may do on its SSH connection: say hello, then its peer API, its own live data sessions, and its own reverse socket."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol, TypeVar, cast

import asyncssh

from appliance.contract.errors import Fault
from appliance.tunnel.joins import join
from appliance.tunnel.protocol import DATA_PREFIX, HELLO_PATH, PEER_API_PATH, REVERSE_PATH, is_peer_id
from appliance.tunnel.tunnels import Tunnel

_log = logging.getLogger(__name__)

LONGEST_HELLO = 4096
HELLO_LIMIT = 10.0
"""Seconds a peer that is logged in has for its hello."""

Result = TypeVar("Result")
Opened = Callable[[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Awaitable[None]] | Awaitable[asyncssh.SSHUNIXSession[bytes]]


class House(Protocol):
    """What is behind the gate."""

    counters: Counter[str]

    def begin(self, work: Coroutine[object, object, Result]) -> asyncio.Task[Result]:
        """Start work on the records that has to reach its end, even when the connection it is for is gone."""

    async def authorised_key(self, peer_id: str) -> str | None:
        """The public key of a peer that may log in."""

    async def greet(self, gate: Gate, said: dict[str, object]) -> dict[str, object]:
        """Answer a hello, and set the gate's tunnel when the peer is let in."""

    async def listen_reverse(self, tunnel: Tunnel) -> asyncssh.SSHListener:
        """Open the reverse socket of a tunnel."""

    async def open_data(self, peer_id: str, session_id: str) -> socket.socket:
        """A connection to a peer's own data session."""

    async def lost(self, tunnel: Tunnel, reason: str) -> None:
        """A tunnel has ended."""


class Gate(asyncssh.SSHServer):
    """One SSH connection from its first byte to its last. Everything not named here is refused."""

    def __init__(self, house: House, address: str) -> None:
        self._house, self.address = house, address
        self.connection: asyncssh.SSHServerConnection | None = None
        self.peer_id: str | None = None
        self.tunnel: Tunnel | None = None
        self._key: str | None = None
        self.is_closed = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        if self.tunnel is not None:
            self.tunnel.close_reverse()
            self._house.begin(self._house.lost(self.tunnel, self.tunnel.end_reason or (str(exc) if exc else "closed by the peer")))

    async def begin_auth(self, username: str) -> bool:
        """The user name is the peer's id; a stranger's keys are refused one by one, like a peer's wrong one."""
        if is_peer_id(username):
            self.peer_id, self._key = username, await asyncio.shield(self._house.begin(self._house.authorised_key(username)))
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._key is not None and username == self.peer_id and key.export_public_key().decode().split()[:2] == self._key.split()[:2]

    def auth_completed(self) -> None:
        asyncio.get_running_loop().call_later(HELLO_LIMIT, self._require_hello)

    def session_requested(self) -> bool:
        return self._refuse("session")

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self._refuse("tcp")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return self._refuse("tcp_listen")

    def unix_connection_requested(self, dest_path: str) -> Opened | bool:
        if dest_path == HELLO_PATH and self.tunnel is None:
            return self._hello
        if self.tunnel is None or self.connection is None:
            return self._refuse("before_hello")
        if dest_path == PEER_API_PATH:
            return cast("Awaitable[asyncssh.SSHUNIXSession[bytes]]", self.connection.forward_unix_connection(str(self.tunnel.api_path)))
        if dest_path.startswith(DATA_PREFIX):
            return self._data(self.tunnel.peer_id, dest_path.removeprefix(DATA_PREFIX))
        return self._refuse("path")

    async def unix_server_requested(self, listen_path: str) -> asyncssh.SSHListener | bool:
        if listen_path != REVERSE_PATH or self.tunnel is None or self.tunnel.is_listening:
            return self._refuse("listen_path")
        return await asyncio.shield(self._house.begin(self._house.listen_reverse(self.tunnel)))

    async def _hello(self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
        """One line of JSON each way. Whoever is refused is told why, and the connection ends."""
        async with asyncio.timeout(HELLO_LIMIT):
            line = await reader.readline()
        answer = await asyncio.shield(self._house.begin(self._house.greet(self, _said(line))))
        writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()
        if self.tunnel is None and self.connection is not None:
            self.connection.close()

    async def _data(self, peer_id: str, session_id: str) -> asyncssh.SSHUNIXSession[bytes]:
        try:
            sock = await self._house.open_data(peer_id, session_id)
        except Fault as fault:
            self._refuse("data")
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, fault.message) from fault
        return cast("asyncssh.SSHUNIXSession[bytes]", await join(sock))

    def _require_hello(self) -> None:
        if self.tunnel is None and self.connection is not None and not self.is_closed:
            self._house.counters["no_hello"] += 1
            self.connection.abort()

    def _refuse(self, what: str) -> bool:
        self._house.counters[f"refused_{what}"] += 1
        _log.warning("refused to %s at %s: %s", self.peer_id, self.address, what)
        return False


def _said(line: bytes) -> dict[str, object]:
    try:
        said = json.loads(line) if len(line) <= LONGEST_HELLO else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
