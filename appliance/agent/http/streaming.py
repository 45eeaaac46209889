"""Answers that last: server-sent events (HTML standard, "Server-sent events"), written as fast as their reader takes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Protocol, cast

from aiohttp import web

from appliance.contract.api import EVENTS

_log = logging.getLogger(__name__)

HEARTBEAT = 15.0
"""Seconds of silence after which a line is sent that says nothing: both sides see a dead connection, and proxies see a live one."""
LOOK = 1.0
"""Seconds after which a follower that has left is noticed, though there is nothing to tell."""
FIRST = 2.0
"""Seconds in which a refusal is an answer as any other. A follower that missed nothing may wait long for its first event: it is
answered meanwhile, so that it is noticed when it leaves."""
PATIENCE = 10.0
"""Seconds that a reader has to take what is sent; one that takes longer is dropped, and comes back to what it missed."""


class Event(Protocol):
    """A model that is sent as an event."""

    @property
    def id(self) -> str: ...

    @property
    def event(self) -> str: ...

    def model_dump_json(self) -> str: ...


async def streamed(request: web.Request, events: AsyncIterator[Event]) -> web.StreamResponse:
    """Send events until there are no more, the reader leaves, or it is too slow. A Fault before the first one is an answer as any other."""
    async with aclosing(cast(Any, events)):
        first = asyncio.ensure_future(_next(events))
        try:
            await asyncio.wait({first}, timeout=FIRST)
            if first.done() and (error := first.exception()) is not None:
                raise error
            return await _begun(first, events, request)
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)


async def _begun(first: asyncio.Future[Event | None], events: AsyncIterator[Event], request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": EVENTS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    try:
        await _pass_on(first, events, request, response)
    except TimeoutError:
        _log.warning("a follower at %s does not read what it is sent, and is dropped", request.remote or "the console")
        if request.transport is not None:
            request.transport.abort()
    except ConnectionResetError:
        pass  # it left
    return response


async def _pass_on(
    coming: asyncio.Future[Event | None], events: AsyncIterator[Event], request: web.Request, response: web.StreamResponse
) -> None:
    silent = 0.0
    try:
        while not _has_left(request):
            done, _ = await asyncio.wait({coming}, timeout=LOOK)
            silent += LOOK
            if done:
                event = coming.result()
                if event is None:
                    return
                coming, silent = asyncio.ensure_future(_next(events)), 0.0
                await _send(response, written(event))
            elif silent >= HEARTBEAT:
                silent = 0.0
                await _send(response, b":\n\n")
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


async def _send(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await response.write(data)


def written(event: Event) -> bytes:
    """An event as it is sent (pure). JSON has no line breaks of its own."""
    return f"id: {event.id}\nevent: {event.event}\ndata: {event.model_dump_json()}\n\n".encode()
