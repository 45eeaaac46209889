"""Data sessions: who may reach which one disk, in which direction, with which key, and for how long."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import shutil
import stat
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from appliance.core.commands import Children
from appliance.core.store import new_id
from appliance.tunnel.faults import DEVICE_NOT_READABLE, SESSION_UNKNOWN
from appliance.tunnel.protocol import DATA_PREFIX

Direction = Literal["read", "write"]

_log = logging.getLogger(__name__)

STOP_LIMIT = 10.0
"""Seconds that killed processes may take to be gone when the agent ends: one that closes a slow disk is kept by the kernel until then."""


@dataclass(frozen=True)
class DataGrant:
    """What the peer is told over the tunnel. One token opens one connection; `tunnel_path` is the way through the control tunnel."""

    session_id: str
    volume_id: str
    direction: Direction
    tokens: tuple[str, ...]
    psk_identity: str
    psk_hex: str = field(repr=False)
    tunnel_path: str = ""


@dataclass
class DataSession:
    """One live session. `gate` keeps starting a process and ending the session apart."""

    id: str
    job_id: str
    volume_id: str
    device: Path
    peer_id: str
    direction: Direction
    connections: int
    psk_path: Path
    ended: bool = False
    tunnelled: int = 0
    tokens: list[str] = field(default_factory=list)
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def owner(self) -> str:
        """Under which its processes are on record."""
        return f"disk/{self.volume_id}/{self.id}"


class DataSessions:
    """All live sessions of this OMA. Keys are files in `folder`, which has to be on tmpfs; tokens are kept as hashes."""

    def __init__(self, folder: Path, children: Children) -> None:
        self._folder, self._children = folder, children
        self._live: dict[str, DataSession] = {}
        self._by_token: dict[str, DataSession] = {}
        self._disks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def start(self) -> None:
        """Kill the processes and delete the keys that an earlier agent left."""
        await self._children.end("disk/")
        await asyncio.to_thread(_empty, self._folder)

    async def stop(self) -> None:
        """End every session. A process that is killed but not gone in time is waited for by the next `start`."""
        try:
            async with asyncio.timeout(STOP_LIMIT):
                await self._end(list(self._live.values()))
        except TimeoutError:
            _log.warning("processes of data sessions are killed, but not gone yet: %s", self._children.living("disk/"))

    async def grant(
        self, *, job_id: str, volume_id: str, device: Path, peer_id: str, direction: Direction, connections: int = 2
    ) -> DataGrant:
        """Open a session for one job, disk, direction and peer, with a token for each of `connections`.

        Every earlier process of that disk is dead and reaped before. Raises a Fault when the device is not there.
        """
        async with self._disks[volume_id]:
            await self.end_for_disk(volume_id)
            await asyncio.to_thread(_require_disk, device)
            session_id, key = new_id("data"), secrets.token_hex(32)
            psk_path = self._folder / f"{session_id}.psk"
            await asyncio.to_thread(_write_key, psk_path, f"{session_id}:{key}\n")
            session = DataSession(session_id, job_id, volume_id, device, peer_id, direction, connections, psk_path)
            self._live[session_id] = session
            tokens = self._issue(session, connections)
        return DataGrant(session_id, volume_id, direction, tokens, session_id, key, DATA_PREFIX + session_id)

    def more_tokens(self, session_id: str, peer_id: str, count: int = 1) -> tuple[str, ...]:
        """Tokens for connecting again; at most as many as the session has connections wait unused, the oldest become void.

        Raises a Fault (`data.session_unknown`), also for another peer's session.
        """
        session = self.find(session_id, peer_id)
        count = min(count, session.connections)
        self._void(session, len(session.tokens) + count - session.connections)
        return self._issue(session, count)

    def find(self, session_id: str, peer_id: str) -> DataSession:
        """A peer's own live session. Raises a Fault (`data.session_unknown`)."""
        session = self._live.get(session_id)
        if session is None or session.peer_id != peer_id:
            raise SESSION_UNKNOWN(cause=f"session {session_id} of peer {peer_id}")
        return session

    def redeem(self, token: str) -> DataSession | None:
        """The session a token opens one connection of; the token is used up. None when it opens nothing."""
        session = self._by_token.pop(_hash(token), None)
        if session is not None:
            session.tokens.remove(_hash(token))
        return session

    async def end(self, session_id: str) -> None:
        """End a session: tokens void, processes killed and reaped, key deleted. Ending an ended one does nothing."""
        session = self._live.get(session_id)
        if session is not None:
            await self._end([session])

    async def end_for_disk(self, volume_id: str) -> None:
        """End whatever could still write to a disk, also what an earlier agent started."""
        await self._end([one for one in self._live.values() if one.volume_id == volume_id])
        await self._children.end(f"disk/{volume_id}/")

    async def end_for_job(self, job_id: str) -> None:
        """End the sessions of a job."""
        await self._end([one for one in self._live.values() if one.job_id == job_id])

    async def end_for_peer(self, peer_id: str) -> None:
        """End the sessions of a peer."""
        await self._end([one for one in self._live.values() if one.peer_id == peer_id])

    def living(self) -> list[DataSession]:
        """The live sessions."""
        return list(self._live.values())

    async def _end(self, sessions: Iterable[DataSession]) -> None:
        await asyncio.gather(*(self._end_one(session) for session in sessions))

    async def _end_one(self, session: DataSession) -> None:
        session.ended = True
        self._void(session, len(session.tokens))
        async with session.gate:
            await self._children.end(session.owner)
            session.psk_path.unlink(missing_ok=True)
        self._live.pop(session.id, None)

    def _issue(self, session: DataSession, count: int) -> tuple[str, ...]:
        tokens = tuple(secrets.token_urlsafe(32) for _ in range(count))
        for token in tokens:
            session.tokens.append(_hash(token))
            self._by_token[_hash(token)] = session
        return tokens

    def _void(self, session: DataSession, count: int) -> None:
        """Make the oldest unused tokens worthless."""
        for _ in range(count):
            self._by_token.pop(session.tokens.pop(0), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _write_key(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _require_disk(device: Path) -> None:
    """One disk, never a folder: a block device or a file."""
    try:
        mode = device.stat().st_mode
    except OSError as error:
        raise DEVICE_NOT_READABLE(cause=str(error)) from error
    if not (stat.S_ISBLK(mode) or stat.S_ISREG(mode)):
        raise DEVICE_NOT_READABLE(cause=f"{device} is neither a block device nor a file")
