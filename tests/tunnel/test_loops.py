"""Accepted sockets pass to SSH, TLS and nbdkit under asyncio's own loop and under uvloop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbd
import pytest
from tunnel_sites import LOOPS, Oma, Vma, get, open_store

from appliance.tunnel.dial import open_data_socket, open_tunnelled_socket
from appliance.tunnel.identity import load_identity
from appliance.tunnel.pair_client import pair
from appliance.tunnel.peers import Peers


@pytest.fixture(params=LOOPS)
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    return LOOPS[request.param]


async def test_pairing_passes_the_front_door(oma: Oma, tmp_path: Path) -> None:
    store, identity = await open_store(tmp_path / "p.sqlite"), await load_identity(tmp_path / "p", "vma")
    shown = await oma.side.desk.show()
    paired = await pair("127.0.0.1", oma.port, shown.code, identity, Peers(store), name="p", version="1")
    assert paired.id == oma.identity.id
    await store.close()


async def test_both_peer_apis_pass_the_front_door(oma: Oma, vma: Vma) -> None:
    assert (await get(vma.dialler.peer_api_path, "/whoami"))[0] == 200
    assert (await get(await oma.side.tunnels.reverse_path(vma.id), "/whoami"))[0] == 200


@pytest.mark.parametrize("way", ["direct", "tunnelled"])
async def test_data_passes_the_front_door(oma: Oma, vma: Vma, tmp_path: Path, way: str) -> None:
    disk, psk = tmp_path / "disk.raw", tmp_path / "key.psk"
    disk.write_bytes(bytes(1 << 20))
    given = await oma.side.sessions.grant(job_id="j", volume_id="v", device=disk, peer_id=vma.id, direction="write", connections=1)
    psk.write_text(f"{given.psk_identity}:{given.psk_hex}\n")
    path = await vma.dialler.open_data_path(given.session_id)

    def write() -> None:
        sock = open_data_socket("127.0.0.1", oma.port, given.tokens[0]) if way == "direct" else open_tunnelled_socket(path)
        handle = nbd.NBD()
        handle.set_tls(nbd.TLS_REQUIRE)
        handle.set_tls_psk_file(str(psk))
        handle.set_tls_username(given.psk_identity)
        handle.connect_socket(sock.detach())
        handle.pwrite(b"\x01" * (1 << 20), 0)
        handle.flush()
        handle.shutdown()

    await asyncio.to_thread(write)
    assert disk.read_bytes() == b"\x01" * (1 << 20)
