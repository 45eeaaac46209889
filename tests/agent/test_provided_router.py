"""User data from CloudStack's virtual router: an HTTP server that may be anybody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from appliance.agent.provided import router
from appliance.agent.provided.router import LARGEST, user_data

HERE = "127.0.0.1"
DOCUMENT = b'#appliance\nhost_name = "oma1"\n'
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[int]:
    """A web server on loopback; its port."""
    app = web.Application()
    app.router.add_get("/latest/user-data", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HERE, 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def speaking(said: bytes, pause: float = 0.0) -> AsyncIterator[int]:
    """Something that answers everybody with these bytes; then, with a pause, with one more from time to time."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()
            while pause:
                await asyncio.sleep(pause)
                writer.write(b"#")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, HERE, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def answering(status: int = 200, body: bytes = DOCUMENT, **more: Any) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert "Authorization" not in request.headers
        return web.Response(status=status, body=body, **more)

    return answer


async def test_what_the_router_serves_is_read() -> None:
    async with serving(answering()) as port:
        assert await user_data(HERE, port) == DOCUMENT


@pytest.mark.parametrize("status", [204, 404, 500])
async def test_a_router_without_user_data_has_answered(status: int) -> None:
    async with serving(answering(status, b"" if status == 204 else DOCUMENT)) as port:
        assert await user_data(HERE, port) == b""


async def test_nobody_is_followed_to_another_place() -> None:
    followed = False

    async def elsewhere(_: web.Request) -> web.StreamResponse:
        nonlocal followed
        followed = True
        return web.Response(body=DOCUMENT)

    async with (
        serving(elsewhere) as other,
        serving(answering(302, headers={"Location": f"http://{HERE}:{other}{router.PATH}"})) as port,
    ):
        assert await user_data(HERE, port) == b"" and not followed


async def test_no_more_is_read_than_is_allowed() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(DOCUMENT + bytes(LARGEST))
        except ConnectionError:
            return response

    async with serving(endless) as port:
        read = await user_data(HERE, port)
        assert read is not None and len(read) == LARGEST + 1


async def test_what_is_packed_stays_packed() -> None:
    async with serving(answering(body=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})) as port:
        assert await user_data(HERE, port) == b"\x1f\x8b\x08"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n#appliance",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        b"\0" * 5000,
    ],
)
async def test_what_is_no_answer_is_none(said: bytes) -> None:
    async with speaking(said) as port:
        assert await user_data(HERE, port) is None


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n#appliance\n"])
async def test_a_slow_router_is_given_up_in_time(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "SECONDS", 0.3)
    async with speaking(said, 0.05) as port, asyncio.timeout(60):
        assert await user_data(HERE, port) is None


async def test_nobody_there_is_no_answer() -> None:
    async with serving(answering()) as port:
        pass
    assert await user_data(HERE, port) is None


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    async with serving(answering()) as port:
        assert await user_data(HERE, port) == DOCUMENT
