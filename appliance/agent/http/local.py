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

from appliance.agent.http.admission import Limits, Look, require_token
from appliance.agent.http.auditing import CALLER, Trail
from appliance.agent.http.binding import application, bind
from appliance.agent.tokens.tokens import FIRST, Caller, Tokens
from appliance.contract.api import Api
from appliance.contract.roles import Role
from appliance.core.audit import Audit

_log = logging.getLogger(__name__)

Served = Sequence[tuple[type[Api], Api]]
CONSOLE, OPERATOR = "console", "operator"
"""Who comes in where no token is asked for, and where one is."""


def operator_application(
    served: Served,
    token: str | None,
    audit: Audit | None = None,
    *,
    tokens: Tokens | None = None,
    limits: Limits | None = None,
    more: Sequence[Middleware] = (),
) -> web.Application:
    """The operator's API; with a token, every route but the health check asks for it, or for one of `tokens`, each with its role.

    Changes go into the audit log, if there is one. `limits` may be shared by several listeners. Whoever may come in goes by `more`.
    """
    trail, limits = Trail(audit, CONSOLE if token is None else OPERATOR) if audit else None, limits or Limits()
    look = tokens.caller if tokens else _only(token or "")
    noted = [] if tokens is None else [_noting(tokens)]
    app = application(*([] if token is None else [require_token(look, limits, trail), *noted]), *more)
    for api, handler in served:
        bind(app, api, handler, trail, limits)
    return app


def _only(token: str) -> Look:
    """Where there are no other tokens than the one of the file."""

    def look(text: str) -> Caller | None:
        good = hmac.compare_digest(text.encode(errors="surrogateescape"), token.encode())
        return Caller(FIRST, FIRST, Role.ADMIN) if good else None

    return look


def _noting(tokens: Tokens) -> Middleware:
    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (caller := request.get(CALLER)) is not None:
            await tokens.note(caller)
        return await handler(request)

    return note


def read_token(path: Path) -> str:
    """The operator's token, made at the first call; only the agent's user can read the file.

    It comes to its place whole: what a full disk or a power cut left of an earlier attempt is no token.
    """
    with contextlib.suppress(FileNotFoundError):
        if kept := path.read_text().strip():
            return kept
    return new_token(path)


def new_token(path: Path) -> str:
    """Another operator's token in place of the one before. Raises OSError; the one before is still there then."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
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
        self,
        served: Served,
        token: str,
        socket: Path,
        address: str,
        port: int,
        *,
        group: str = "",
        audit: Audit | None = None,
        tokens: Tokens | None = None,
        limits: Limits | None = None,
        more: Sequence[Middleware] = (),
    ) -> None:
        on_socket = operator_application(served, None, audit, limits=limits, more=more)
        on_port = operator_application(served, token, audit, tokens=tokens, limits=limits, more=more)
        self._on_socket = web.AppRunner(on_socket, access_log=None, shutdown_timeout=1.0)
        self._on_port = web.AppRunner(on_port, access_log=None, shutdown_timeout=1.0)
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
