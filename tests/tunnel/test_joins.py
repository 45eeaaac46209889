"""A socket as one end of a channel: nothing that is said early is lost."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tunnel_sites import LOOPS, eventually

from appliance.tunnel.joins import join


@pytest.fixture(params=LOOPS)
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    return LOOPS[request.param]


class Channel(asyncio.Transport):
    """Records what would go through the tunnel."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.ended = b"", False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written += data

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True


async def test_what_a_server_says_before_the_channel_is_open_comes_first() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"greeting ")
    ours.setblocking(False)
    session, channel = await join(ours), Channel()
    await asyncio.sleep(0.05)
    session.connection_made(channel)
    assert channel.written == b""
    session.session_started()
    theirs.sendall(b"and more")
    await eventually(lambda: channel.written == b"greeting and more")
    theirs.close()
    await eventually(lambda: channel.ended)


async def test_a_server_that_says_something_and_ends_is_heard() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"goodbye")
    theirs.close()
    ours.setblocking(False)
    session, channel = await join(ours), Channel()
    await asyncio.sleep(0.05)
    session.connection_made(channel)
    session.session_started()
    await eventually(lambda: channel.written == b"goodbye" and channel.ended)
