"""The one listener: decides by the first bytes who serves a connection, and consumes none of them before."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from appliance.tunnel.admission import Admission, Limits, Slot
from appliance.tunnel.sniff import LONGEST_LINE, Kind, Verdict, sniff
from appliance.tunnel.sockets import harden, listen, wake_at

_log = logging.getLogger(__name__)

FIRST_LINE_LIMIT = 10.0
"""Seconds a connection has for its first bytes."""


@dataclass(frozen=True)
class Arrival:
    """A connection that has shown what it is. Nothing of it has been read yet; `line` is what a data connection opens with."""

    sock: socket.socket
    address: str
    slot: Slot
    line: bytes = b""


Server = Callable[[Arrival], Awaitable[None]]
"""Serves one arrival; owns its socket from then on, and gives the slot back once the other side has proved who it is."""


class FrontDoor:
    """Listens on one port, of one address or of all. `serve` names who serves which kind; what it does not name is closed and counted."""

    def __init__(
        self,
        serve: Mapping[Kind, Server],
        *,
        limits: Limits | None = None,
        is_known: Callable[[str], bool] = lambda _: False,
        first_line_limit: float = FIRST_LINE_LIMIT,
    ) -> None:
        self._serve, self._patience = serve, first_line_limit
        self._admission = Admission(limits or Limits(), is_known)
        self._listeners: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.counters: Counter[str] = Counter()

    @property
    def port(self) -> int:
        """The port it listens on; 0 when closed."""
        return int(self._listeners[0].getsockname()[1]) if self._listeners else 0

    @property
    def strangers(self) -> int:
        """Connections that have not proved who they are."""
        return self._admission.strangers

    async def open(self, address: str, port: int) -> None:
        """Start listening, without an address on all of them. Raises OSError when address and port can't be had."""
        self._listeners = listen(address, port)
        for listener in self._listeners:
            self._begin(self._accept(listener))

    async def close(self) -> None:
        """Stop listening, and drop every connection still served from here."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, (address, *_) = await loop.sock_accept(listener)
            except OSError as error:  # out of descriptors, or the client was gone again: neither may end the listener
                self.counters["accept_failed"] += 1
                _log.warning("accepting a connection failed: %s", error)
                await asyncio.sleep(0.1)
                continue
            self.counters["accepted"] += 1
            slot = self._admission.admit(address)
            if slot is None:
                self.counters["crowded_out"] += 1
                sock.close()
            else:
                self._begin(self._receive(sock, address, slot))

    async def _receive(self, sock: socket.socket, address: str, slot: Slot) -> None:
        """Find out what a connection is and have it served; whatever happens, its place is given back."""
        try:
            harden(sock)
            verdict = await self._decide(sock)
            kind = verdict.kind or Kind.OTHER
            self.counters[kind.value] += 1
            server = self._serve.get(kind)
            if server is None:
                sock.close()
            else:
                await server(Arrival(sock, address, slot, verdict.line))
        except OSError as error:
            self.counters["broken"] += 1
            _log.info("a connection from %s broke: %s", address, error)
            sock.close()
        except asyncio.CancelledError:
            sock.close()
            raise
        finally:
            slot.release()

    async def _decide(self, sock: socket.socket) -> Verdict:
        try:
            async with asyncio.timeout(self._patience):
                return await peek_verdict(sock)
        except TimeoutError:
            self.counters["silent"] += 1
            return Verdict(Kind.OTHER)


async def peek_verdict(sock: socket.socket) -> Verdict:
    """Peek until the first bytes decide. Wakes once per byte that is missing, never for bytes it has seen."""
    seen = b""
    verdict = Verdict(None, need=1)
    while verdict.kind is None:
        wake_at(sock, verdict.need)
        await _readable(sock)
        try:
            first = sock.recv(LONGEST_LINE + 1, socket.MSG_PEEK)
        except BlockingIOError:
            continue
        if len(first) <= len(seen):
            return Verdict(Kind.OTHER)  # readable without anything new: the other side has closed
        seen, verdict = first, sniff(first)
    wake_at(sock, 1)
    return verdict


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(sock, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(sock)
