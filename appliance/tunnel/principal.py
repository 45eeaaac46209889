"""The peer API's sites: one Unix socket per peer, on which every request belongs to that peer."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from appliance.contract.errors import FORBIDDEN, Fault


@dataclass(frozen=True)
class Principal:
    """In whose name a request is made."""

    peer_id: str
    role: str


PRINCIPAL: web.AppKey[Principal] = web.AppKey("principal", Principal)
"""Where a handler finds the peer it serves: `request.app[PRINCIPAL]`."""

AppFactory = Callable[[Principal], web.Application]
Describe = Callable[[], Awaitable[Mapping[str, object]]]


def fault_response(fault: Fault) -> web.Response:
    """A fault as both APIs answer it."""
    return web.json_response(fault.shown(), status=fault.status)


@web.middleware
async def _only_what_is_there(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Peers learn nothing about routes they may not use: whatever is not theirs is forbidden, not missing."""
    if request.match_info.http_exception is not None:
        return fault_response(FORBIDDEN())
    return await handler(request)


class PrincipalSite:
    """Serves an application to one peer. Answers `GET /hello` itself, and 403 to every route the application does not have."""

    def __init__(self, make_app: AppFactory, principal: Principal, path: Path, describe: Describe) -> None:
        self.path = path
        self._describe = describe
        app = make_app(principal)
        app[PRINCIPAL] = principal
        app.middlewares.insert(0, _only_what_is_there)
        app.router.add_get("/hello", self._hello)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)

    async def start(self) -> None:
        """Listen. The socket's folder is made, and both are for this user alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.unlink(missing_ok=True)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()
        self.path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening and drop the requests under way."""
        await self._runner.cleanup()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    async def _hello(self, _: web.Request) -> web.Response:
        return web.json_response(dict(await self._describe()))
