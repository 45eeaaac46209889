"""One NBD connection: opening it, waiting for it, and telling a lost one from a failed request."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import nbd

from appliance.replication.mover.protocol import CopyError, Kind, Source, Target
from appliance.tunnel.dial import open_data_socket, open_tunnelled_socket
from appliance.tunnel.sockets import harden

CONNECT_TIME: Final = 10.0
"""Seconds for a connection to be made."""
SOURCE_TIME: Final = 60.0
"""Seconds for the handshake with a source: its server opens the disk at the far end first, and tries that again by itself."""
TARGET_TIME: Final = 30.0
"""Seconds for the handshake with a target."""
HANDSHAKE_STEP: Final = 0.005
"""Seconds between looks at connections that are being made; no request is answered then that would wake the loop."""
TLS_BURST: Final = 32
"""libnbd sends one TLS record of 16 KiB at a time and then asks to be polled again; so many are sent between two polls."""

Completion = Callable[[int], None]


class Link:
    """A libnbd handle in a poll loop."""

    def __init__(self, handle: nbd.NBD, failed: Kind, lost: Kind, burst: int = 1) -> None:
        self.handle, self.failed, self.lost, self.burst = handle, failed, lost, burst
        self.patience = SOURCE_TIME if lost is Kind.SOURCE_LOST else TARGET_TIME
        """Seconds for its handshake."""
        self.fd: int = handle.aio_get_fd()
        self.busy = self.answered = 0

    @property
    def ready(self) -> bool:
        """Whether requests can be made."""
        return bool(self.handle.aio_is_ready() or self.handle.aio_is_processing())

    @property
    def alive(self) -> bool:
        """Whether the connection stands or is being made."""
        return not (self.handle.aio_is_dead() or self.handle.aio_is_closed())

    def notify(self, readable: bool) -> bool:
        """Lets libnbd do what the socket allows. Returns whether a request was answered or the connection broke."""
        before, direction = self.answered, self.handle.aio_get_direction()
        try:
            if readable and direction & nbd.AIO_DIRECTION_READ:
                self.handle.aio_notify_read()
            elif direction & nbd.AIO_DIRECTION_WRITE:
                self._write_on()
        except nbd.Error:
            return True
        return self.answered != before

    def _write_on(self) -> None:
        for _ in range(self.burst):
            self.handle.aio_notify_write()
            if not self.handle.aio_get_direction() & nbd.AIO_DIRECTION_WRITE:
                return

    def pread(self, buffer: nbd.Buffer, offset: int, then: Completion) -> None:
        """Asks for the bytes at `offset`; `then` gets an errno, 0 for success."""
        self._begin(offset, lambda: self.handle.aio_pread(buffer, offset, completion=self._counted(then)))

    def pwrite(self, buffer: nbd.Buffer, offset: int, then: Completion) -> None:
        """Writes the whole buffer at `offset`."""
        self._begin(offset, lambda: self.handle.aio_pwrite(buffer, offset, completion=self._counted(then)))

    def zero(self, length: int, offset: int, then: Completion) -> None:
        """Zeroes a range without payload; the server may punch a hole."""
        self._begin(offset, lambda: self.handle.aio_zero(length, offset, completion=self._counted(then)))

    def flush(self, then: Completion) -> None:
        """Asks that everything answered before is made durable."""
        self._begin(None, lambda: self.handle.aio_flush(completion=self._counted(then)))

    def _begin(self, offset: int | None, request: Callable[[], object]) -> None:
        try:
            request()
        except nbd.Error as error:
            raise self.error(error.errnum or 0, offset) from error
        self.busy += 1

    def _counted(self, then: Completion) -> Callable[[object], int]:
        def completion(error: object) -> int:
            self.busy -= 1
            self.answered += 1
            then(int(getattr(error, "value", 0)))
            return 1

        return completion

    def error(self, errno: int, offset: int | None) -> CopyError:
        """What went wrong: the connection is lost, or the request failed on a sound one."""
        kind = self.failed if self.alive else self.lost
        side = "source" if kind in (Kind.SOURCE_ERROR, Kind.SOURCE_LOST) else "target"
        what = "failed a request" if self.alive else "closed or broke the connection"
        return CopyError(kind, f"the {side} {what}", offset, errno or None)


def shake_hands(links: Sequence[Link], wait: Callable[[float], None]) -> None:
    """Returns once requests can be made on all; `wait` lets them work so many seconds. Raises CopyError: one is lost or too slow."""
    begun = time.monotonic()
    while waiting := [link for link in links if not link.ready]:
        for link in waiting:
            if not link.alive:
                raise link.error(0, None)
        for link in waiting:
            if time.monotonic() > begun + link.patience:
                raise CopyError(link.lost, "the NBD handshake was not finished in time")
        wait(HANDSHAKE_STEP)


def source_link(source: Source) -> Link:
    """A connection to the source that is being made. Raises CopyError when nobody listens."""
    handle = nbd.NBD()
    handle.set_export_name(source.export)
    handle.set_pread_initialize(False)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(source.socket)
    except OSError as error:
        raise CopyError(Kind.SOURCE_LOST, "nobody answers at the source's socket", errno=error.errno) from error
    return _started(handle, sock, Kind.SOURCE_ERROR, Kind.SOURCE_LOST)


def target_link(target: Target) -> Link:
    """A connection to a data session that is being made, its token sent. Raises CopyError when it cannot be dialled."""
    handle = nbd.NBD()
    if not target.plain:
        handle.set_tls(nbd.TLS_REQUIRE)
        handle.set_tls_psk_file(target.key_file)
        handle.set_tls_username(target.identity)
    return _started(handle, _dialled(target), Kind.TARGET_ERROR, Kind.TARGET_LOST, burst=1 if target.plain else TLS_BURST)


def _dialled(target: Target) -> socket.socket:
    try:
        if target.socket:
            return open_tunnelled_socket(Path(target.socket), CONNECT_TIME)
        if not target.token:
            sock = socket.create_connection((target.host, target.port), CONNECT_TIME)
            harden(sock)
            return sock
        return open_data_socket(target.host, target.port, target.token, CONNECT_TIME)
    except OSError as error:
        raise CopyError(Kind.TARGET_LOST, "the data session cannot be reached", errno=error.errno) from error


def _started(handle: nbd.NBD, sock: socket.socket, failed: Kind, lost: Kind, burst: int = 1) -> Link:
    sock.setblocking(False)
    try:
        handle.aio_connect_socket(sock.detach())
    except nbd.Error as error:
        raise CopyError(lost, "the NBD handshake did not begin", errno=error.errnum) from error
    return Link(handle, failed, lost, burst)
