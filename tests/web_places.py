"""A web server of an operator's: it gives out files, and takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from appliance.tunnel.identity import load_identity


@dataclass
class Shelf:
    """The files that it gives out, what was put there with its headers, and the headers of what was asked for."""

    url: str = ""
    fingerprint: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    put: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    async def give(self, request: web.Request) -> web.StreamResponse:
        """A file that is here."""
        self.asked.append(dict(request.headers))
        if request.match_info["name"] not in self.files:
            raise web.HTTPNotFound
        return web.Response(body=self.files[request.match_info["name"]])

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep a file; not at `/closed`, and `/elsewhere` is another address."""
        name = request.match_info["name"]
        if name == "elsewhere":
            raise web.HTTPTemporaryRedirect("/taken")
        if name == "closed":
            raise web.HTTPForbidden
        self.put[name] = (await request.read(), dict(request.headers))
        return web.Response(status=201)


@asynccontextmanager
async def shelf(identity: Path | None = None) -> AsyncIterator[Shelf]:
    """One that serves; over TLS with a certificate that it has signed itself, where it has a folder for that."""
    shown, app, context = Shelf(), web.Application(client_max_size=1 << 30), None
    app.router.add_get("/{name}", shown.give)
    app.router.add_put("/{name}", shown.take)
    if identity is not None:
        who = await load_identity(identity, "oma")
        context, shown.fingerprint = who.tls_context(), who.certificate_hash()
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    shown.url = f"{'https' if context else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield shown
    finally:
        await runner.cleanup()
