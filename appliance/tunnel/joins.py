"""A connected socket as one end of an SSH channel, for servers that speak first."""

from __future__ import annotations

import asyncio
import socket

from asyncssh.forward import SSHForwarder


class _Near(SSHForwarder):
    """The socket's side. What it says before the channel is open is kept: asyncssh's own forwarder would lose it."""

    def __init__(self) -> None:
        super().__init__()
        self._early: bytearray | None = bytearray()
        self._ended = False

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        if self._early is None:
            super().data_received(data, datatype)
        else:
            self._early += data

    def eof_received(self) -> bool:
        if self._early is None:
            return super().eof_received()
        self._ended = True
        return True

    def go(self) -> None:
        """The channel is open."""
        early, self._early = self._early, None
        if early:
            super().data_received(bytes(early))
        if self._ended:
            super().eof_received()


class _Far(SSHForwarder):
    """The channel's side."""

    def __init__(self, near: _Near) -> None:
        super().__init__(near)
        self._near = near

    def session_started(self) -> None:
        self._near.go()


async def join(sock: socket.socket) -> SSHForwarder:
    """The session of a channel that carries this socket's bytes; it owns the socket from now on."""
    _, near = await asyncio.get_running_loop().create_unix_connection(_Near, sock=sock)
    return _Far(near)
