"""The VMA's end of the control tunnel: dials out, says hello, keeps both directions open, and dials again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import asyncssh
from sqlalchemy.exc import SQLAlchemyError

from appliance.contract.errors import Fault
from appliance.core.store import utcnow
from appliance.tunnel.backoff import Backoff
from appliance.tunnel.identity import Identity
from appliance.tunnel.local_ends import LocalEnd
from appliance.tunnel.login import log_in
from appliance.tunnel.models import Peer
from appliance.tunnel.peers import Peers
from appliance.tunnel.protocol import DATA_PREFIX, HELLO_PATH, PEER_API_PATH, REVERSE_PATH, VERSIONS
from appliance.tunnel.tunnels import MISSES, TunnelState, say_hello

_log = logging.getLogger(__name__)

HELLO_LIMIT = 10.0
PENDING_LIMIT = 30.0
"""Seconds after which a pairing that the OMA does not know is forgotten; longer than any exchange lives there."""

Result = TypeVar("Result")
_TROUBLE = (OSError, TimeoutError, asyncssh.Error, aiohttp.ClientError)

_NO_RECORDS = (Fault, SQLAlchemyError)
# The records can't be written or read, or have lost the peer: the dialler outlives that.


class Stopped(Exception):
    """The dialler is being stopped."""


class Refused(Exception):
    """The OMA knows this VMA and will not have its tunnel: `version`, `held` or `unpaired`."""


class Dialler:
    """Keeps a tunnel to the paired OMA. `own_api` is the Unix socket of this VMA's peer API, which the OMA reaches through it."""

    def __init__(
        self,
        identity: Identity,
        peers: Peers,
        run_folder: Path,
        own_api: Path,
        *,
        version: str,
        backoff: Backoff | None = None,
        check_every: float = 10.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._identity, self._peers, self._own_api, self._version = identity, peers, own_api, version
        self._backoff, self._check_every, self._chance = backoff or Backoff(), check_every, chance
        self._folder = run_folder
        self._ends: dict[str, LocalEnd] = {}
        self._connection: asyncssh.SSHClientConnection | None = None
        self._state = TunnelState(up=False)
        self._answered: float | None = None
        self._reached = False
        self._changed, self._wake = asyncio.Condition(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def peer_api_path(self) -> Path:
        """The local Unix socket that leads to the OMA's peer API (connections end at once while the tunnel is down)."""
        return self._folder / "oma.sock"

    @property
    def has_reached(self) -> bool:
        """Whether there was anybody at the OMA's address at the last try, whatever became of it."""
        return self._reached

    def _note_reached(self, reached: bool) -> None:
        self._reached = reached

    @property
    def state(self) -> TunnelState:
        """How the tunnel is now."""
        age = None if self._answered is None else time.monotonic() - self._answered
        return replace(self._state, answer_age=age)

    async def start(self) -> None:
        """Open the local socket and begin to dial."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._peers.on_gone(self._cut)
        await self._open_end(self.peer_api_path, PEER_API_PATH)
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Cut the tunnel and close the local sockets."""
        if not self._stopping.done():
            self._stopping.set_result(None)
        if self._task is not None:
            await self._task
        for path in list(self._ends):
            await self._close_end(path)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    def dial_now(self) -> None:
        """Do not wait any longer before the next try (a pairing has been made, the network has come up)."""
        self._wake.set()

    async def wait_up(self, timeout: float) -> None:
        """Wait until the tunnel is up. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: self._state.up)

    async def open_data_path(self, session_id: str) -> Path:
        """A local Unix socket, each connection of which reaches one's own data session through the tunnel."""
        path = self._folder / f"{session_id}.sock"
        if str(path) not in self._ends:
            await self._open_end(path, DATA_PREFIX + session_id)
        return path

    async def close_data_path(self, session_id: str) -> None:
        """Close what `open_data_path` opened."""
        await self._close_end(str(self._folder / f"{session_id}.sock"))

    async def _cut(self, _: str) -> None:
        """The pairing has ended or has another key: whatever is up stands on it no longer."""
        if self._connection is not None:
            self._connection.abort()
        self.dial_now()

    async def _open_end(self, path: Path, far_path: str) -> None:
        end = LocalEnd(path, far_path, lambda: self._connection)
        await end.open()
        self._ends[str(path)] = end

    async def _close_end(self, path: str) -> None:
        end = self._ends.pop(path, None)
        if end is not None:
            end.close()

    async def _run(self) -> None:
        failures = 0
        while not self._stopping.done():
            try:
                oma = await self._peers.newest("oma")
                failures = 0 if oma is not None and await self._live(oma) else failures + 1
            except _NO_RECORDS as error:
                failures += 1
                _log.error("the tunnel's records: %s", error)
            pause = self._backoff.delay(max(failures, 1), self._chance())
            with contextlib.suppress(TimeoutError, Stopped):
                await self._unless_stopped(asyncio.wait_for(self._wake.wait(), pause))
            self._wake.clear()

    async def _live(self, oma: Peer) -> bool:
        """One tunnel from dialling to its end; returns whether it was up."""
        was_up = False
        try:
            login = log_in(self._identity, oma.address, oma.port, oma.ssh_public_key, self._note_reached)
            self._connection = connection = await self._unless_stopped(login)
            if oma.state == "pending":
                await self._peers.complete(oma.id)
            agreed = await self._unless_stopped(self._hello(connection))
            await self._unless_stopped(connection.forward_remote_path(REVERSE_PATH, str(self._own_api)))
            await self._rose(oma, agreed)
            was_up = True
            await self._stay(oma, connection)
            reason = "closed"
        except asyncssh.PermissionDenied as error:
            reason = f"not known there: {error.reason}"
            await self._forget_if_stale(oma)
        except Stopped:
            reason = "stopped"
        except (*_TROUBLE, *_NO_RECORDS, Refused) as error:
            reason = str(error) or repr(error)
        finally:
            connection_lost, self._connection = self._connection, None
            if connection_lost is not None:
                connection_lost.abort()
        await self._fell(oma, reason, was_up)
        return was_up

    async def _unless_stopped(self, work: Awaitable[Result]) -> Result:
        """Wait for something on the wire. Work on the records is never broken off; this is, and raises Stopped."""
        task = asyncio.ensure_future(work)
        both: list[asyncio.Future[Result] | asyncio.Future[None]] = [task, self._stopping]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise Stopped

    async def _hello(self, connection: asyncssh.SSHClientConnection) -> int:
        """Agree on a version; returns it. Raises Refused."""
        said = {"versions": list(VERSIONS), "boot_id": self._identity.boot_id, "software": self._version}
        async with asyncio.timeout(HELLO_LIMIT):
            reader, writer = await connection.open_unix_connection(HELLO_PATH)
            writer.write(json.dumps(said).encode() + b"\n")
            line = await reader.readline()
            writer.close()
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise Refused("no proper hello") from error
        if "refused" in answer:
            raise Refused(f"refused: {answer['refused']}")
        return int(answer.get("version", 0))

    async def _stay(self, oma: Peer, connection: asyncssh.SSHClientConnection) -> None:
        """Until the connection ends, nothing has come through it for too long, or another OMA has been paired with."""
        closed = asyncio.ensure_future(connection.wait_closed())
        misses = 0
        try:
            while misses < MISSES and not closed.done() and await self._is_still_ours(oma):
                began = time.monotonic()
                try:
                    await self._unless_stopped(say_hello(self.peer_api_path))
                except _TROUBLE as error:
                    misses += 1
                    _log.info("no hello from the OMA: %r", error)
                else:
                    misses, self._answered = 0, time.monotonic()
                    self._state = replace(self._state, round_trip=self._answered - began)
                    await self._peers.seen(oma.id)
                await asyncio.wait([closed, self._stopping], timeout=self._check_every, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()

    async def _is_still_ours(self, oma: Peer) -> bool:
        newest = await self._peers.newest("oma")
        return newest is not None and (newest.id, newest.ssh_public_key) == (oma.id, oma.ssh_public_key)

    async def _forget_if_stale(self, oma: Peer) -> None:
        if oma.state == "pending" and (utcnow() - oma.paired_at).total_seconds() > PENDING_LIMIT:
            await self._peers.forget(oma.id)

    async def _rose(self, oma: Peer, agreed: int) -> None:
        self._state = TunnelState(up=True, since=utcnow(), address=oma.address, version=agreed, boot_id=self._identity.boot_id)
        await self._peers.note(oma.id, "up", boot_id=self._identity.boot_id, address=oma.address)
        await self._announce()

    async def _fell(self, oma: Peer, reason: str, was_up: bool) -> None:
        since = utcnow() if was_up or self._state.since is None else self._state.since
        self._state = TunnelState(up=False, since=since, address=oma.address, last_error=reason)
        if was_up and await self._peers.find(oma.id) is not None:
            await self._peers.note(oma.id, "down", boot_id=self._identity.boot_id, address=oma.address, detail=reason)
        await self._announce()

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()
