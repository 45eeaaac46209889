"""Disk data on the OMA: an accepted socket and its session become one nbdkit process; no byte of it passes through here."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path

from appliance.core.commands import Child, Children
from appliance.tunnel.ciphers import write_priority_file
from appliance.tunnel.faults import SESSION_UNKNOWN
from appliance.tunnel.frontdoor import Arrival
from appliance.tunnel.sessions import DataSession, DataSessions
from appliance.tunnel.sniff import token_of

_log = logging.getLogger(__name__)

HANDSHAKE_LIMIT = 10.0
"""Seconds from hand-over until both TLS and NBD have to be agreed; nbdkit itself would wait for ever."""
_LOOK_EVERY = 0.1


def nbdkit_command(session: DataSession) -> list[str]:
    """The server for one connection: one disk whatever export name is asked for, and nothing without the session's key."""
    # One thread: its buffer stays in the processor's cache, a tenth of the whole cost. What runs side by side are connections.
    command = ["nbdkit", "-s", "--exit-with-parent", "--threads=1", "--log=stderr", "--tls=require", f"--tls-psk={session.psk_path}"]
    if session.direction == "read":
        command.append("-r")
    return [*command, "file", f"file={session.device}"]


class DataServer:
    """Hands connections over to nbdkit, watches their handshakes, and reaps them."""

    def __init__(self, sessions: DataSessions, children: Children, run_folder: Path, handshake_limit: float = HANDSHAKE_LIMIT) -> None:
        self._sessions, self._children, self._patience = sessions, children, handshake_limit
        self._priority_path = run_folder / "gnutls-priority"
        self._environment: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._handing_over: set[asyncio.Task[Child | None]] = set()
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        """Write the file that names the cipher."""
        self._environment = await asyncio.to_thread(write_priority_file, self._priority_path)

    async def stop(self) -> None:
        """Stop watching; the processes are ended by their sessions."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self, arrival: Arrival) -> None:
        """Serve one data connection until it has proved itself; it goes on without us. An unknown token starts no process."""
        token = token_of(arrival.line)
        session = self._sessions.redeem(token) if token else None
        if session is None:
            self.counters["token_refused"] += 1
            arrival.sock.close()
            return
        arrival.sock.setblocking(True)  # shared with nbdkit, which expects it; the line is known to be there
        arrival.sock.recv(len(arrival.line))
        # The descriptor changes hands here: the front door may close its socket at any time, not the one that is being inherited.
        child = await asyncio.shield(self._hand_over(session, socket.socket(fileno=arrival.sock.detach())))
        if child is not None and await self._watch_handshake(session, child):
            arrival.slot.release()

    async def open_tunnelled(self, peer_id: str, session_id: str) -> socket.socket:
        """The end of a new connection to a peer's own session for the way through the control tunnel.

        Raises a Fault (`data.session_unknown`) for what is not the peer's own or has as many connections as it may.
        """
        session = self._sessions.find(session_id, peer_id)
        if session.tunnelled >= session.connections:
            self.counters["tunnelled_refused"] += 1
            raise SESSION_UNKNOWN(cause=f"session {session_id} has all its connections")
        session.tunnelled += 1
        ours, theirs = socket.socketpair()
        child = await asyncio.shield(self._hand_over(session, theirs))
        if child is None:
            session.tunnelled -= 1
            ours.close()
            raise SESSION_UNKNOWN(cause=f"session {session_id} has ended")
        self._begin(self._watch_tunnelled(session, child))
        ours.setblocking(False)
        return ours

    def _hand_over(self, session: DataSession, sock: socket.socket) -> asyncio.Task[Child | None]:
        """Start nbdkit on the socket. Never broken off half-way: a process that is not on record could not be ended."""
        task = asyncio.ensure_future(self._spawn(session, sock))
        self._handing_over.add(task)
        task.add_done_callback(self._handing_over.discard)
        return task

    async def _spawn(self, session: DataSession, sock: socket.socket) -> Child | None:
        """Start nbdkit on the socket and close our own descriptor of it; None when the session has ended meanwhile."""
        try:
            async with session.gate:
                if session.ended:
                    self.counters["session_ended"] += 1
                    return None
                child = await self._children.spawn(
                    session.owner, nbdkit_command(session), stdin=sock.fileno(), stdout=sock.fileno(), env=self._environment
                )
        finally:
            sock.close()
        self.counters["handed_over"] += 1
        self._begin(self._reap(session, child))
        return child

    async def _watch_tunnelled(self, session: DataSession, child: Child) -> None:
        await self._watch_handshake(session, child)
        await child.wait()
        session.tunnelled -= 1

    async def _watch_handshake(self, session: DataSession, child: Child) -> bool:
        """Whether the client proved that it has the key; a process whose client did not in time is killed.

        nbdkit opens the disk only once NBD is agreed, which `--tls=require` allows only after TLS: so an open disk is the proof.
        """
        deadline = asyncio.get_running_loop().time() + self._patience
        while child.returncode is None:
            if has_open(child.pid, session.device):
                self.counters["handshakes"] += 1
                return True
            if asyncio.get_running_loop().time() > deadline:
                self.counters["handshake_late"] += 1
                await child.kill()
                return False
            await asyncio.sleep(_LOOK_EVERY)
        self.counters["handshake_failed"] += 1
        return False

    async def _reap(self, session: DataSession, child: Child) -> None:
        code = await child.wait()
        _log.info("a connection of session %s ended with %d", session.id, code)

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def has_open(pid: int, path: Path) -> bool:
    """Whether the process has this file or device open (proc(5), /proc/pid/fd)."""
    try:
        wanted = path.stat()
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    return any(_is_same(one, wanted) for one in descriptors)


def _is_same(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        found = descriptor.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)
