"""Local Unix sockets of the VMA that lead through whatever tunnel is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncssh
from asyncssh.forward import SSHLocalPathForwarder

Current = Callable[[], asyncssh.SSHClientConnection | None]


class _Closed(asyncio.Protocol):
    """What a connection meets while the tunnel is down."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class LocalEnd:
    """A socket at `path`; each connection is carried to `far_path` of the tunnel that is up at that moment."""

    def __init__(self, path: Path, far_path: str, current: Current) -> None:
        self._path, self._far_path, self._current = path, far_path, current
        self._server: asyncio.AbstractServer | None = None

    async def open(self) -> None:
        """Listen; the socket is for this user alone."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.get_running_loop().create_unix_server(self._carry, str(self._path))
        self._path.chmod(0o600)

    def close(self) -> None:
        """Stop listening. Connections that are open end with their tunnel."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    def _carry(self) -> asyncio.BaseProtocol:
        connection = self._current()
        if connection is None:
            return _Closed()

        async def to_far_end(
            session_factory: Callable[[], asyncssh.SSHUNIXSession[bytes]],
        ) -> tuple[asyncssh.SSHUNIXChannel[bytes], asyncssh.SSHUNIXSession[bytes]]:
            return await connection.create_unix_connection(session_factory, self._far_path)

        return SSHLocalPathForwarder(connection, to_far_end)
