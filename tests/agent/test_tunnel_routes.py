"""The tunnel's routes tell how each tunnel is, and one history of all of them."""

from types import SimpleNamespace
from typing import cast

import pytest

from appliance.agent.http.tunnel import TunnelRoutes, oma_tunnels, vma_tunnel
from appliance.contract.tunnel import TunnelState as Shown
from appliance.core.store import Store, utcnow
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.oma_side import OmaSide
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.tunnel.tunnels import TunnelState

PARIS, ROME = "vma-0123456789abcdef", "vma-fedcba9876543210"
UP = TunnelState(up=True, since=utcnow(), address="192.0.2.7", answer_age=1.26, round_trip=0.012345)


@pytest.fixture
async def peers(store: Store) -> Peers:
    made = Peers(store)
    await made.keep(PairedPeer(PARIS, "Paris", "vma", "ssh-ed25519 AAAA", "1", "192.0.2.7", 0))
    await made.keep(PairedPeer(ROME, "Rome", "vma", "ssh-ed25519 BBBB", "1", "192.0.2.8", 0))
    return made


def side(peers: Peers, **states: TunnelState) -> OmaSide:
    known = {PARIS: states.get("paris", TunnelState(up=False)), ROME: states.get("rome", TunnelState(up=False))}
    return cast(OmaSide, SimpleNamespace(peers=peers, tunnels=SimpleNamespace(state=known.__getitem__)))


async def nothing() -> list[Shown]:
    return []


async def test_each_tunnel_of_an_oma_is_shown_with_its_figures(peers: Peers) -> None:
    paris, rome = await oma_tunnels(side(peers, paris=UP))
    assert (paris.peer_name, paris.up, paris.address, paris.round_trip_ms, paris.answered_seconds_ago) == (
        "Paris",
        True,
        "192.0.2.7",
        12.35,
        1.3,
    )
    assert (rome.peer_name, rome.up, rome.since, rome.round_trip_ms, rome.address) == ("Rome", False, None, None, "192.0.2.8")


async def test_a_revoked_pairing_has_no_tunnel(peers: Peers) -> None:
    await peers.revoke(ROME)
    assert [one.peer_name for one in await oma_tunnels(side(peers))] == ["Paris"]


async def test_a_vma_shows_its_one_tunnel_or_none(store: Store) -> None:
    peers = Peers(store)
    said = TunnelState(up=False, last_error="refused: \x1b[31mheld")
    dialler = cast(Dialler, SimpleNamespace(state=said))
    assert await vma_tunnel(peers, dialler) == []
    await peers.keep(PairedPeer("oma-1", "Berlin", "oma", "ssh-ed25519 AAAA", "1", "198.51.100.1", 443))
    (shown,) = await vma_tunnel(peers, dialler)
    assert (shown.peer_name, shown.address, shown.last_error) == ("Berlin", "198.51.100.1", r"refused: \x1b[31mheld")


async def test_the_history_is_one_list_newest_first(peers: Peers) -> None:
    for peer_id, kind in ((PARIS, "up"), (ROME, "up"), (PARIS, "down"), (ROME, "down")):
        await peers.note(peer_id, kind, address="192.0.2.9", detail=f"{kind}\x07")
    routes = TunnelRoutes(nothing, peers)
    found = await routes.tunnel_history(limit=3)
    assert [(one.peer_name, one.kind) for one in found] == [("Rome", "down"), ("Paris", "down"), ("Rome", "up")]
    assert found[0].detail == r"down\x07" and len(await routes.tunnel_history()) == 6


async def test_without_peers_both_are_empty(store: Store) -> None:
    routes = TunnelRoutes(nothing, Peers(store))
    assert (await routes.tunnel(), await routes.tunnel_history()) == ([], [])
