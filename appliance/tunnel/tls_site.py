"""The TLS branch of the front door: accepted sockets served by an aiohttp application."""

from __future__ import annotations

import asyncio
import logging
import ssl

from aiohttp import web
from aiohttp.typedefs import Handler

from appliance.tunnel.frontdoor import Arrival

_log = logging.getLogger(__name__)

HANDSHAKE_LIMIT = 10.0
FIRST_REQUEST_LIMIT = 15.0
"""Seconds after the handshake in which the first request has to be there whole."""


class TlsSite:
    """Pairing, and HTTPS for the operator's API. Connections here stay strangers until they end: TLS alone proves nothing of them."""

    def __init__(self, app: web.Application, context: ssl.SSLContext, first_request_limit: float = FIRST_REQUEST_LIMIT) -> None:
        self._context, self._patience = context, first_request_limit
        self._spoke: set[int] = set()
        app.middlewares.insert(0, self._remember)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=15.0)

    async def start(self) -> None:
        """Make the application ready; call before the front door opens."""
        await self._runner.setup()

    async def stop(self) -> None:
        """Drop the requests under way and end the application."""
        await self._runner.cleanup()

    async def serve(self, arrival: Arrival) -> None:
        """Serve one connection to its end."""
        loop, server = asyncio.get_running_loop(), self._runner.server
        assert server is not None, "serve() before start()"
        try:
            transport, _ = await loop.connect_accepted_socket(
                server, arrival.sock, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_LIMIT
            )
        except (OSError, TimeoutError) as error:
            _log.info("no TLS with %s: %r", arrival.address, error)
            arrival.sock.close()
            return
        try:
            await self._until_closed(transport)
        finally:
            self._spoke.discard(id(transport))
            transport.abort()

    async def _until_closed(self, transport: asyncio.WriteTransport) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience
        while not transport.is_closing():
            if id(transport) not in self._spoke and asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.25)

    @web.middleware
    async def _remember(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._spoke.add(id(request.transport))
        return await handler(request)
