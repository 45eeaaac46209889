"""What the tunnel's tests share: the two sites' types, a peer API, a store, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web
from sqlalchemy.ext.asyncio import create_async_engine

from appliance.core.commands import Children
from appliance.core.store import Base, Store
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.identity import Identity
from appliance.tunnel.oma_side import OmaSide
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import PRINCIPAL, Principal, PrincipalSite

LOOPS = {"asyncio": asyncio.DefaultEventLoopPolicy(), "uvloop": uvloop.EventLoopPolicy()}


async def open_store(path: Path) -> Store:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return Store(engine)


def peer_app(principal: Principal) -> web.Application:
    """A peer API with one route, which says in whose name it was called."""

    async def whoami(request: web.Request) -> web.Response:
        return web.json_response({"peer": request.app[PRINCIPAL].peer_id})

    app = web.Application()
    app.router.add_get("/whoami", whoami)
    return app


@dataclass
class Oma:
    """An OMA that runs."""

    side: OmaSide
    identity: Identity
    children: Children
    store: Store
    folder: Path
    alarms: list[str]

    @property
    def port(self) -> int:
        return self.side.door.port


@dataclass
class Vma:
    """A VMA that is paired and dials as long as its dialler runs."""

    identity: Identity
    peers: Peers
    dialler: Dialler
    site: PrincipalSite
    folder: Path

    @property
    def id(self) -> str:
        return self.identity.id


MakeVma = Callable[..., Awaitable[Vma]]


async def eventually(is_so: Callable[[], object], timeout: float = 60.0) -> None:
    """Wait until something has come to be."""
    async with asyncio.timeout(timeout):
        while not is_so():
            await asyncio.sleep(0.01)


async def get(path: Path, route: str) -> tuple[int, dict[str, object]]:
    """Ask a peer API behind a Unix socket."""
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession(connector=connector) as http, http.get(f"http://peer{route}") as response:
        return response.status, await response.json()
