"""Where operators reach the agent: a Unix socket for the console, a loopback port and HTTPS for scripts with a token."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import hmac
import logging
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from appliance.agent.http.auditing import Trail
from appliance.agent.http.binding import application, bind
from appliance.contract.api import Api
from appliance.contract.errors import UNAUTHORISED
from appliance.core.audit import Audit

_log = logging.getLogger(__name__)

Served = Sequence[tuple[type[Api], Api]]
OPEN_PATHS = frozenset({"/health"})
CONSOLE, OPERATOR = "console", "operator"
"""Who comes in where no token is asked for, and where one is."""


def operator_application(served: Served, token: str | None, audit: Audit | None = None) -> web.Application:
    """The operator's API; with a token, every route but the health check asks for it. Changes go into the audit log, if there is one."""
    trail = Trail(audit, CONSOLE if token is None else OPERATOR) if audit else None
    app = application(*([] if token is None else [_require(token, trail)]))
    for api, handler in served:
        bind(app, api, handler, trail)
    return app


def _require(token: str, trail: Trail | None) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def require(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if request.path not in OPEN_PATHS and not hmac.compare_digest(given, expected):
            if trail:
                await trail.stranger(request)
            raise UNAUTHORISED()
        return await handler(request)

    return require


def read_token(path: Path) -> str:
    """The operator's token, made at the first call; only the agent's user can read the file.

    It comes to its place whole: what a full disk or a power cut left of an earlier attempt is no token.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileNotFoundError):
        if kept := path.read_text().strip():
            return kept
    token, draft = secrets.token_urlsafe(32), path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return token


def open_to(group: str, socket: Path) -> None:
    """Let the group's members through the socket's folder to the socket; a group that the machine does not have gets nothing."""
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        _log.warning("this machine has no group %s; only the agent's own user reaches its socket", group)
        return
    os.chown(socket, -1, number)
    socket.chmod(0o660)
    os.chown(socket.parent, -1, number)
    socket.parent.chmod(0o710)


class LocalApi:
    """The two local listeners. Members of `group`, if there is one, reach the socket beside the agent's own user."""

    def __init__(
        self, served: Served, token: str, socket: Path, address: str, port: int, *, group: str = "", audit: Audit | None = None
    ) -> None:
        self._on_socket = web.AppRunner(operator_application(served, None, audit), access_log=None, shutdown_timeout=1.0)
        self._on_port = web.AppRunner(operator_application(served, token, audit), access_log=None, shutdown_timeout=1.0)
        self._socket, self._address, self._port = socket, address, port
        self._group = group

    async def start(self) -> None:
        """Listen. Raises OSError when address and port can't be had."""
        await asyncio.to_thread(self._socket.unlink, missing_ok=True)
        await self._on_socket.setup()
        await web.UnixSite(self._on_socket, str(self._socket)).start()
        await asyncio.to_thread(self._socket.chmod, 0o600)
        if self._group:
            await asyncio.to_thread(open_to, self._group, self._socket)
        await self._on_port.setup()
        await web.TCPSite(self._on_port, self._address, self._port).start()

    @property
    def port(self) -> int:
        """The loopback port."""
        return int(self._on_port.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        await self._on_port.cleanup()
        await self._on_socket.cleanup()
