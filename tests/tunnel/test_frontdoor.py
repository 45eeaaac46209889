"""The front door over real sockets: nothing is consumed, nothing spins, nobody stays for ever."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Callable

import pytest
from tunnel_sites import LOOPS, eventually

from appliance.tunnel import frontdoor
from appliance.tunnel.admission import Limits
from appliance.tunnel.frontdoor import Arrival, FrontDoor
from appliance.tunnel.sniff import Kind


@pytest.fixture(params=LOOPS)
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    return LOOPS[request.param]


class Recorder:
    """Serves by noting what came, and what of it can still be read."""

    def __init__(self) -> None:
        self.came: list[tuple[Kind, bytes, bytes]] = []
        self.hold = asyncio.Event()
        self.hold.set()

    def server(self, kind: Kind) -> Callable[[Arrival], object]:
        async def serve(arrival: Arrival) -> None:
            self.came.append((kind, arrival.line, arrival.sock.recv(4096)))
            await self.hold.wait()
            arrival.sock.close()

        return serve


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def door(recorder: Recorder) -> AsyncIterator[FrontDoor]:
    kinds = {kind: recorder.server(kind) for kind in (Kind.SSH, Kind.DATA, Kind.TLS)}
    opened = FrontDoor(kinds, limits=Limits(total=6, reserve=2, per_address=5), first_line_limit=0.8)  # type: ignore[arg-type]
    await opened.open("127.0.0.1", 0)
    yield opened
    await opened.close()


def dial(door: FrontDoor) -> socket.socket:
    return socket.create_connection(("127.0.0.1", door.port), timeout=5)


async def ended(sock: socket.socket) -> bool:
    """Whether the other side closes; waits for it."""
    try:
        return await asyncio.to_thread(sock.recv, 1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("first", "kind", "line"),
    [
        (b"SSH-2.0-x\r\n", Kind.SSH, b""),
        (b"\x16\x03\x01\x02\x00\x01\xfc", Kind.TLS, b""),
        (b"NBD " + b"t" * 20 + b"\nmore", Kind.DATA, b"NBD " + b"t" * 20 + b"\n"),
    ],
)
async def test_whoever_serves_a_connection_finds_every_byte_unread(
    door: FrontDoor, recorder: Recorder, first: bytes, kind: Kind, line: bytes
) -> None:
    with dial(door) as sock:
        sock.sendall(first)
        await eventually(lambda: recorder.came)
    assert recorder.came == [(kind, line, first)]


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 64, b"NBD " + b"x" * 200, b"NBX"])
async def test_garbage_is_closed_and_counted(door: FrontDoor, recorder: Recorder, garbage: bytes) -> None:
    with dial(door) as sock:
        sock.sendall(garbage)
        assert await ended(sock)
    assert door.counters["other"] == 1 and not recorder.came


@pytest.mark.parametrize("first", [b"", b"S", b"NBD abc"])
async def test_a_silent_connection_costs_nothing_and_ends(door: FrontDoor, first: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    with dial(door) as sock:
        sock.sendall(first)
        assert await ended(sock)
    assert door.counters["silent"] == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 0.2


async def test_a_byte_at_a_time_wakes_the_door_once_a_byte(door: FrontDoor, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    wakes, readable = [], frontdoor._readable

    async def counted(sock: socket.socket) -> None:
        await readable(sock)
        wakes.append(sock)

    monkeypatch.setattr(frontdoor, "_readable", counted)
    door._patience = 5
    line = b"NBD " + b"t" * 20 + b"\n"
    with dial(door) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(len(line)):
            sock.send(line[position : position + 1])
            await asyncio.sleep(0.02)
        await eventually(lambda: recorder.came)
    assert recorder.came[0][1] == line
    assert len(wakes) <= len(line)


async def test_a_client_that_closes_early_is_let_go_at_once(door: FrontDoor) -> None:
    door._patience = 3600.0  # so that it is not let go for its silence
    with dial(door) as sock:
        sock.sendall(b"NB")
    await eventually(lambda: door.counters["other"] == 1)
    await eventually(lambda: door.strangers == 0)


async def test_one_address_can_not_crowd_the_door(door: FrontDoor) -> None:
    crowd = [dial(door) for _ in range(8)]
    await eventually(lambda: door.counters["crowded_out"] == 4)
    assert door.strangers == 4
    for sock in crowd:
        sock.close()
    await eventually(lambda: door.strangers == 0)


async def test_a_known_peer_gets_in_while_strangers_wait(door: FrontDoor, recorder: Recorder) -> None:
    crowd = [dial(door) for _ in range(4)]
    await eventually(lambda: door.strangers == 4)
    door._admission._is_known = lambda address: True
    with dial(door) as sock:
        sock.sendall(b"SSH-2.0-x\r\n")
        await eventually(lambda: recorder.came)
    for one in crowd:
        one.close()


async def test_closing_the_door_drops_whoever_stands_in_it(door: FrontDoor) -> None:
    sock = dial(door)
    await eventually(lambda: door.strangers == 1)
    await door.close()
    assert await ended(sock)
    sock.close()
