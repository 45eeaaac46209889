"""Pairing over HTTPS on the front door: both are paired, or neither."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select
from tunnel_sites import Oma, open_store

from appliance.contract.errors import Fault
from appliance.core.store import Store
from appliance.tunnel import pair_client
from appliance.tunnel.identity import Identity, load_identity
from appliance.tunnel.models import PairingCode
from appliance.tunnel.pair_client import pair
from appliance.tunnel.peers import Peers


@pytest.fixture
async def identity(tmp_path: Path) -> Identity:
    return await load_identity(tmp_path / "vma", "vma")


@pytest.fixture
async def peers(tmp_path: Path) -> AsyncIterator[Peers]:
    store = await open_store(tmp_path / "vma.sqlite")
    yield Peers(store)
    await store.close()


async def try_pair(oma: Oma, code: str, identity: Identity, peers: Peers, port: int = 0) -> str:
    """Pair; returns the key of the error, or `paired`."""
    try:
        await pair("127.0.0.1", port or oma.port, code, identity, peers, name="VMA one", version="1.0")
    except Fault as fault:
        return fault.key
    return "paired"


def other_than(code: str) -> str:
    return ("0" if code[0] != "0" else "1") + code[1:]


async def states(peers: Peers) -> list[tuple[str, str]]:
    return [(peer.role, peer.state) for peer in await peers.all()]


async def test_a_code_leaves_pinned_keys_on_both_sides(oma: Oma, identity: Identity, peers: Peers) -> None:
    shown = await oma.side.desk.show()
    assert await try_pair(oma, shown.code.lower().replace("-", " "), identity, peers) == "paired"
    here, there = await peers.get(oma.identity.id), await oma.side.peers.get(identity.id)
    assert (here.ssh_public_key, here.state, here.name) == (oma.identity.ssh_public_key, "paired", "OMA one")
    assert (there.ssh_public_key, there.state, there.name) == (identity.ssh_public_key, "paired", "VMA one")


async def test_a_code_is_taken_once(oma: Oma, identity: Identity, peers: Peers) -> None:
    shown = await oma.side.desk.show()
    await try_pair(oma, shown.code, identity, peers)
    assert await try_pair(oma, shown.code, identity, peers) == "pairing.not_shown"


async def test_a_wrong_code_pairs_nobody(oma: Oma, identity: Identity, peers: Peers) -> None:
    shown = await oma.side.desk.show()
    assert await try_pair(oma, other_than(shown.code), identity, peers) == "pairing.code_wrong"
    assert await states(peers) == [] and await states(oma.side.peers) == []


async def test_a_sixth_try_is_refused_even_with_the_right_code(oma: Oma, identity: Identity, peers: Peers, store: Store) -> None:
    shown = await oma.side.desk.show()
    for _ in range(5):
        assert await try_pair(oma, other_than(shown.code), identity, peers) == "pairing.code_wrong"
    assert await try_pair(oma, shown.code, identity, peers) == "pairing.tries_used"
    async with store.session() as session:
        assert (await session.scalars(select(PairingCode.tries))).all() == [5]


async def test_a_try_counts_when_the_exchange_starts_even_if_it_never_ends(oma: Oma, store: Store, identity: Identity) -> None:
    await oma.side.desk.show()
    await start_only(oma, identity)
    async with store.session() as session:
        assert (await session.scalars(select(PairingCode.tries))).all() == [1]


async def start_only(oma: Oma, identity: Identity) -> None:
    message = (await asyncio.to_thread(pair_client.Exchange, "vma", "AAAA0000", identity.id)).message
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    body = {"versions": [1], "vma_id": identity.id, "message": message.hex()}
    url = f"https://127.0.0.1:{oma.port}/pair/v1/start"
    async with aiohttp.ClientSession() as http, http.post(url, json=body, ssl=context) as response:
        assert response.status == 200


async def test_only_one_exchange_runs_at_a_time(oma: Oma, identity: Identity, peers: Peers) -> None:
    shown = await oma.side.desk.show()
    await start_only(oma, identity)
    assert await try_pair(oma, shown.code, identity, peers) == "pairing.busy"


async def test_an_expired_code_is_refused(oma: Oma, identity: Identity, peers: Peers) -> None:
    shown = await oma.side.desk.show()
    now = oma.side.desk._clock()
    oma.side.desk._clock = lambda: now + 601
    assert await try_pair(oma, shown.code, identity, peers) == "pairing.code_expired"


async def test_a_code_is_taken_only_while_it_is_shown(oma: Oma, identity: Identity, peers: Peers) -> None:
    shown = await oma.side.desk.show()
    await oma.side.desk.hide()
    assert await try_pair(oma, shown.code, identity, peers) == "pairing.not_shown"


async def test_a_code_that_can_be_none_is_refused_before_anything_is_sent(oma: Oma, identity: Identity, peers: Peers) -> None:
    assert await try_pair(oma, "ABC", identity, peers) == "pairing.code_malformed"
    assert oma.side.door.counters["accepted"] == 0


async def test_nobody_there_is_said_in_plain_words(oma: Oma, identity: Identity, peers: Peers) -> None:
    assert await try_pair(oma, "AAAA-0000", identity, peers, port=1) == "pairing.unreachable"


async def test_a_code_for_renewing_takes_no_other_peer(oma: Oma, identity: Identity, peers: Peers, tmp_path: Path) -> None:
    shown = await oma.side.desk.show()
    await try_pair(oma, shown.code, identity, peers)
    stranger = await load_identity(tmp_path / "stranger", "vma")
    renewal = await oma.side.desk.show(renew=identity.id)
    assert await try_pair(oma, renewal.code, stranger, peers) == "pairing.other_peer"
    assert await try_pair(oma, renewal.code, identity, peers) == "paired"


async def relay(oma: Oma, impostor: Identity) -> asyncio.Server:
    """Somebody in between, with a certificate of his own, who passes every byte on."""
    there = ssl.create_default_context()
    there.check_hostname, there.verify_mode = False, ssl.CERT_NONE

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
        except OSError:
            pass
        sink.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", oma.port, ssl=there)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    return await asyncio.start_server(meet, "127.0.0.1", 0, ssl=impostor.tls_context())


async def test_somebody_in_between_is_noticed_with_the_right_code(oma: Oma, identity: Identity, peers: Peers, tmp_path: Path) -> None:
    server = await relay(oma, await load_identity(tmp_path / "impostor", "oma"))
    shown = await oma.side.desk.show()
    assert await try_pair(oma, shown.code, identity, peers, server.sockets[0].getsockname()[1]) == "pairing.code_wrong"
    assert await states(peers) == [] and await states(oma.side.peers) == []
    server.close()


async def test_a_lost_last_answer_is_made_up_for_by_the_login(
    oma: Oma, identity: Identity, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pair_client._Talk.post

    async def lose(talk: pair_client._Talk, stage: str, body: dict[str, object]) -> dict[str, str]:
        answer = await real(talk, stage, body)
        if stage == "commit":
            raise pair_client.faults.PAIRING_UNREACHABLE(address="x", port=1)
        return answer

    monkeypatch.setattr(pair_client._Talk, "post", lose)
    shown = await oma.side.desk.show()
    assert await try_pair(oma, shown.code, identity, peers) == "paired"
    assert await states(oma.side.peers) == [("vma", "paired")]


async def test_a_commit_that_never_arrived_leaves_neither_side_paired(
    oma: Oma, identity: Identity, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pair_client._Talk.post

    async def lose(talk: pair_client._Talk, stage: str, body: dict[str, object]) -> dict[str, str]:
        if stage == "commit":
            raise pair_client.faults.PAIRING_UNREACHABLE(address="x", port=1)
        return await real(talk, stage, body)

    monkeypatch.setattr(pair_client._Talk, "post", lose)
    shown = await oma.side.desk.show()
    assert await try_pair(oma, shown.code, identity, peers) == "pairing.unfinished"
    assert await states(peers) == [("oma", "pending")] and await states(oma.side.peers) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"versions": "x"}', b"x" * 10_000])
async def test_bad_bodies_are_refused_and_cost_no_try(oma: Oma, store: Store, body: bytes) -> None:
    await oma.side.desk.show()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"https://127.0.0.1:{oma.port}/pair/v1/start"
    async with aiohttp.ClientSession() as http, http.post(url, data=body, ssl=context) as response:
        assert response.status == 400
        assert (await response.json())["error"]["key"] == "request.invalid"
    async with store.session() as session:
        assert (await session.scalars(select(PairingCode.tries))).all() == [0]


async def test_a_huge_body_is_refused_unread(oma: Oma) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"https://127.0.0.1:{oma.port}/pair/v1/start"
    async with aiohttp.ClientSession() as http, http.post(url, data=b"x" * 100_000, ssl=context) as response:
        assert (response.status, (await response.json())["error"]["key"]) == (413, "request.too_large")


async def test_keys_are_kept_where_only_the_agent_reads(identity: Identity, tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "vma").iterdir()} == {0o600}
    again = await load_identity(tmp_path / "vma", "vma")
    assert (again.id, again.ssh_public_key, again.certificate_hash()) == (identity.id, identity.ssh_public_key, identity.certificate_hash())
