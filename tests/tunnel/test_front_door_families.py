"""An OMA is reached by IPv4 and by IPv6, at one port; each address shows as what it is."""

from __future__ import annotations

import asyncio
import errno
import socket
from pathlib import Path

import aiohttp
import pytest
from tunnel_sites import MakeVma, Oma, get, open_store

from appliance.agent.config import FrontDoor
from appliance.agent.upgrade.looks import door_answers
from appliance.tunnel import sockets
from appliance.tunnel.dial import open_data_socket
from appliance.tunnel.identity import load_identity
from appliance.tunnel.pair_client import pair
from appliance.tunnel.peers import Peers

EVERYWHERE = pytest.mark.parametrize("oma", [FrontDoor().address], indirect=True, ids=["as it is by default"])
BOTH = pytest.mark.parametrize("address", ["127.0.0.1", "::1"])


@EVERYWHERE
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_a_vma_pairs_with_the_oma_wherever_it_is_reached(oma: Oma, tmp_path: Path, host: str) -> None:
    store, identity = await open_store(tmp_path / "p.sqlite"), await load_identity(tmp_path / "p", "vma")
    shown = await oma.side.desk.show()
    paired = await pair(host, oma.port, shown.code, identity, Peers(store), name="p", version="1")
    [peer] = await oma.side.peers.all()
    assert (paired.id, paired.address) == (oma.identity.id, host)
    assert peer.address in (("127.0.0.1", "::1") if host == "localhost" else (host,)), "never one that is mapped"
    await store.close()


@EVERYWHERE
@BOTH
async def test_tunnel_and_data_go_by_either_family(oma: Oma, make_vma: MakeVma, tmp_path: Path, address: str) -> None:
    vma = await make_vma(address=address)
    await vma.dialler.wait_up(10)
    await oma.side.tunnels.wait_up(vma.id, 10)
    assert (await get(vma.dialler.peer_api_path, "/whoami"))[0] == 200
    state = oma.side.tunnels.state(vma.id)
    assert state is not None and state.address == address
    (tmp_path / "disk.raw").write_bytes(bytes(1 << 20))
    given = await oma.side.sessions.grant(
        job_id="j", volume_id="v", device=tmp_path / "disk.raw", peer_id=vma.id, direction="write", connections=1
    )
    with await asyncio.to_thread(open_data_socket, address, oma.port, given.tokens[0]) as sock:
        assert await asyncio.to_thread(sock.recv, 8) == b"NBDMAGIC"


@EVERYWHERE
@BOTH
async def test_operators_come_in_by_either_family(oma: Oma, address: str) -> None:
    pinned = aiohttp.Fingerprint(bytes.fromhex(oma.identity.certificate_hash()))
    host = f"[{address}]" if ":" in address else address
    async with aiohttp.ClientSession() as http, http.get(f"https://{host}:{oma.port}/", ssl=pinned) as response:
        assert response.status == 404


@EVERYWHERE
async def test_an_upgrades_look_at_the_own_door_finds_it(oma: Oma) -> None:
    for address in (FrontDoor().address, "::", "::1"):
        await door_answers(address, oma.port, oma.identity)


@pytest.mark.parametrize("failure", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL], ids=["not in the kernel", "turned off"])
def test_without_ipv6_it_listens_by_ipv4_alone(failure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = socket.create_server

    def without(address: tuple[str, int], *, family: int, backlog: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(failure, "no IPv6")
        return made(address, family=family, backlog=backlog)

    monkeypatch.setattr(socket, "create_server", without)
    [listener] = sockets.listen("", 0)
    with listener:
        assert listener.family == socket.AF_INET


def test_a_port_that_somebody_has_in_one_family_is_not_had() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6) as theirs, pytest.raises(OSError) as caught:
        sockets.listen("", theirs.getsockname()[1])
    assert caught.value.errno == errno.EADDRINUSE
