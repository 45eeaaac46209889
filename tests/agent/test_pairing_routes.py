"""Pairing as both consoles see it, between two real agents."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.agent.config import Config
from appliance.agent.logs import LogBook
from appliance.agent.machine import Host, network_of
from appliance.agent.oma import running_oma
from appliance.agent.vma import running_vma
from appliance.contract import pairing, status
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.core.store import Store
from appliance.tunnel.identity import load_identity
from appliance.tunnel.pairing import CODE_LIFE, TRIES, PairingDesk
from appliance.tunnel.peers import Peers


@dataclass
class Sites:
    """The operator's APIs of an OMA and a VMA, and where the OMA listens."""

    peers: pairing.PeersApi
    join: pairing.JoinApi
    vma_status: status.StatusApi
    port: int

    async def join_with(self, code: str) -> pairing.Peer:
        return await self.join.join(pairing.Join(address="127.0.0.1", port=self.port, code=code))


@pytest.fixture
async def sites() -> AsyncIterator[Sites]:
    folder = Path(tempfile.mkdtemp(prefix="pr-"))
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        transports = []
        for role, running in (("oma", running_oma), ("vma", running_vma)):
            made = config(folder / role, role)
            await stack.enter_async_context(running(made, host(made)))
            transports.append(Transport(unix=str(made.api_socket)))
            stack.push_async_callback(transports[-1].close)
        oma, vma = transports
        url = (await client(status.StatusApi, oma).status()).url
        port = int(url.rstrip("/").rpartition(":")[2])
        yield Sites(client(pairing.PeersApi, oma), client(pairing.JoinApi, vma), client(status.StatusApi, vma), port)


def config(folder: Path, role: str) -> Config:
    made = Config.model_validate(
        {
            "role": role,
            "name": f"{role}1",
            "state_dir": folder / "state",
            "run_dir": folder / "run",
            "front_door": {"address": "127.0.0.1", "port": 0},
            "api": {"port": 0},
            "machine": {"restart": [], "power_off": [], "networkd_dir": folder / "networkd"},
            "storage": {"devices_dir": folder, "export_port": 0},
        }
    )
    for one in (made.state_dir, made.run_dir):
        one.mkdir(parents=True)
    return made


def other_than(code: str) -> str:
    return ("0" if code[0] != "0" else "1") + code[1:]


async def test_nothing_is_shown_before_a_code_is_asked_for(sites: Sites) -> None:
    found = await sites.peers.pairing()
    assert (found.code, found.seconds_left, found.tries_left, found.paired) == ("", 0.0, 0, None)
    assert await sites.join.joined() == []


async def test_a_code_counts_down_its_seconds_and_its_tries_until_somebody_has_paired(sites: Sites) -> None:
    code = (await sites.peers.show_code()).code
    found = await sites.peers.pairing()
    assert (found.code, found.tries_left, found.paired) == (code, TRIES, None)
    assert CODE_LIFE - 30 < found.seconds_left <= CODE_LIFE
    with pytest.raises(Fault) as refused:
        await sites.join_with(other_than(code))
    assert refused.value.key == "pairing.code_wrong"
    assert (await sites.peers.pairing()).tries_left == TRIES - 1

    await sites.join_with(code)
    over = await sites.peers.pairing()
    assert (over.code, over.seconds_left, over.tries_left) == ("", 0.0, 0)
    assert over.paired is not None
    assert (over.paired.name, over.paired.id) == ("vma1", (await sites.vma_status.status()).appliance_id)
    assert [(one.name, one.role, one.state) for one in await sites.join.joined()] == [("oma1", "oma", "paired")]

    await sites.peers.hide_code()
    still = (await sites.peers.pairing()).paired
    assert still is not None and still.id == over.paired.id
    await sites.peers.show_code()
    assert (await sites.peers.pairing()).paired is None


async def test_a_code_that_is_hidden_is_no_longer_told(sites: Sites) -> None:
    await sites.peers.show_code()
    await sites.peers.hide_code()
    assert (await sites.peers.pairing()).code == ""


async def test_a_code_ends_by_a_clock_that_nobody_can_set(store: Store, tmp_path: Path) -> None:
    now = [1000.0]
    desk = PairingDesk(store, Peers(store), await load_identity(tmp_path, "oma"), "oma1", clock=lambda: now[0])
    await desk.show()
    now[0] += CODE_LIFE - 1
    assert (desk.state().seconds_left, bool(desk.state().code)) == (1.0, True)
    now[0] += 1
    assert (desk.state().code, desk.state().seconds_left, desk.state().tries_left) == ("", 0.0, 0)


def host(made: Config) -> Host:
    return Host(LogBook(made.state_dir / "log"), network_of(made), restart=lambda: None)


async def test_an_address_of_ipv6_may_stand_in_brackets(sites: Sites) -> None:
    code = (await sites.peers.show_code()).code
    for address in ("[::1]", "::1"):
        with pytest.raises(Fault) as refused:  # this OMA listens on another address
            await sites.join.join(pairing.Join(address=address, port=sites.port, code=code))
        assert refused.value.key == "pairing.unreachable" and "::1" in str(refused.value.fields["address"])
        assert "[" not in str(refused.value.fields["address"])
