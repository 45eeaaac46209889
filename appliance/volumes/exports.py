"""The exports: one read-only server over the folder of links of present volumes, on loopback and on a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

from appliance.core.commands import Child, Children
from appliance.volumes.faults import EXPORTS_STOPPED

_OWNER = "exports/"
_INHERIT = Path(__file__).with_name("inherit.py")
_RESTART_S = 1.0


class Exports:
    """Serves a folder of links by name. A link that comes or goes is seen at the next open: the server is never reloaded.

    `port` 0 takes any free one. Loopback and a socket of mode 0600: for this machine only, peers never reach it.
    """

    def __init__(self, folder: Path, unix_socket: Path, children: Children, port: int = 10809) -> None:
        self._folder, self._unix_socket, self._children, self.port = folder, unix_socket, children, port
        self._sockets: list[socket.socket] = []
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def is_serving(self) -> bool:
        """Whether the server runs."""
        return self._child is not None and self._child.returncode is None

    async def start(self) -> None:
        """End what an earlier agent left, listen, and serve. Raises a Fault when the port is taken."""
        await self._children.end(_OWNER)
        try:
            self._sockets = [_listen_on_loopback(self.port), _listen_on_path(self._unix_socket)]
        except OSError as error:
            raise EXPORTS_STOPPED(cause=f"port {self.port}: {error}") from error
        self.port = self._sockets[0].getsockname()[1]
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_serving())

    async def stop(self) -> None:
        """End the server and stop listening."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._children.end(_OWNER)
        for listening in self._sockets:
            listening.close()
        self._unix_socket.unlink(missing_ok=True)

    async def _spawn(self) -> None:
        numbers = [listening.fileno() for listening in self._sockets]
        server = ["nbdkit", "--foreground", "--exit-with-parent", "--readonly", "file", f"dir={self._folder}"]
        argv = [sys.executable, "-I", "-S", str(_INHERIT), ",".join(map(str, numbers)), *server]
        self._child = await self._children.spawn(f"{_OWNER}server", argv, pass_fds=numbers)

    async def _keep_serving(self) -> None:
        # The sockets stay open here: clients that come while it restarts wait in the queue.
        while self._child is not None:
            await self._child.wait()
            await asyncio.sleep(_RESTART_S)
            await self._spawn()


def _listen_on_loopback(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=64)


def _listen_on_path(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen(64)
    return listening
