"""What a real OMA on trial finds of itself, over its sockets: what was well before the upgrade has to be well again."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.agent.config import Config
from appliance.agent.logs import LogBook
from appliance.agent.machine import Host, network_of
from appliance.agent.oma import running_oma
from appliance.agent.tries import since_boot
from appliance.agent.upgrade import trial as module
from appliance.agent.upgrade.asking import own_state
from appliance.agent.upgrade.startup import FOLDER
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.agent.upgrade.trial import Trial
from appliance.core.store import Store, dump
from appliance.tunnel.backoff import Backoff
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.identity import load_identity
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.tunnel.ssh_server import TunnelServer
from appliance.tunnel.tls_site import TlsSite
from appliance.volumes.exports import Exports

FAR = "vma-0123456789abcdef"
SHUT = "does not answer at its own port"
BEGUN = "2026-11-21T07:00:00+00:00"
BEFORE = ("database", "exports", "recovery", "scheduler", "tunnel")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("EVERY", 0.1), ("WELL_FOR", 0.5), ("FAR_SIDE", 0.0)):
        monkeypatch.setattr(module, name, seconds)


@dataclass
class Site:
    """An OMA that is not started."""

    config: Config
    store: Store
    url: str

    @property
    def file(self) -> StateFile:
        return StateFile(self.config.state_dir / FOLDER)

    async def becomes(self, wanted: Callable[[State], bool], *, up_before: tuple[str, ...] = ()) -> State:
        """Start it on trial, and wait until that stands so."""
        until = since_boot() + 100
        state = State(Phase.TRIAL, "0.1.0", "0.2.0", "j", BEGUN, until=until, ok_before=BEFORE, up_before=up_before)
        self.file.write(state)
        trial = Trial(state, self.config.state_dir / FOLDER)
        host = Host(LogBook(self.config.state_dir / "log"), network_of(self.config), restart=lambda: None, trial=trial)
        ask = partial(own_state, self.config.api_socket)
        async with running_oma(self.config, host), trial.watched(ask, lambda: None), asyncio.timeout(60):
            while not ((found := self.file.read()) is not None and wanted(found)):
                await asyncio.sleep(0.05)
        assert found is not None
        return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
async def site(tmp_path: Path, short: Path, store: Store, database_url: str) -> AsyncIterator[Site]:
    for name in ("state", "run", "devices"):
        (short / name).mkdir()
    config = Config.model_validate(
        {
            "role": "oma",
            "name": "oma1",
            "state_dir": short / "state",
            "run_dir": short / "run",
            "database": database_url,
            "front_door": {"address": "127.0.0.1", "port": free_port()},
            "api": {"port": 0},
            "machine": {"restart": [], "power_off": [], "networkd_dir": tmp_path / "networkd"},
            "storage": {"devices_dir": short / "devices", "export_port": 0},
        }
    )
    yield Site(config, store, database_url)


def kept(state: State) -> bool:
    return state.phase is Phase.KEPT


def says(problem: str) -> Callable[[State], bool]:
    return lambda state: problem in state.problem


async def test_a_release_that_is_as_well_as_the_former_one_is_kept(site: Site) -> None:
    found = await site.becomes(kept)
    assert found.problem == ""


async def hang_up(_: object, arrival: object) -> None:
    arrival.sock.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("server", [TunnelServer, TlsSite], ids=["the other appliance", "operators"])
async def test_a_front_door_that_does_not_answer(site: Site, server: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "serve", hang_up)
    assert (await site.becomes(says(SHUT))).phase is Phase.TRIAL


async def test_exports_that_were_served_before(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exports, "is_serving", property(lambda _: False))
    assert (await site.becomes(says("exports: "))).phase is Phase.TRIAL


async def test_a_table_that_the_migrations_have_left_without_a_column(site: Site) -> None:
    engine = dump.blocking_engine(site.url)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE schedule_executions DROP COLUMN reason"))
    engine.dispose()
    try:
        assert (await site.becomes(says("can't read its records"))).phase is Phase.TRIAL
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE schedule_executions ADD COLUMN reason TEXT"))
        engine.dispose()


@asynccontextmanager
async def paired(site: Site) -> AsyncIterator[Dialler]:
    """A VMA's end of the tunnel, which is paired with the OMA and dials nobody yet."""
    folder = site.config.run_dir / "far"
    folder.mkdir()
    far, near = await load_identity(folder / "id", "vma", "boot-1"), await load_identity(site.config.state_dir / "identity", "oma")
    await Peers(site.store).keep(PairedPeer(FAR, "far", "vma", far.ssh_public_key, "1", "127.0.0.1", 0))
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/far.db")
    peers, port = Peers(store), site.config.front_door.port
    await peers.keep(PairedPeer(near.id, "near", "oma", near.ssh_public_key, "1", "127.0.0.1", port))
    yield Dialler(replace(far, id=FAR), peers, folder, folder / "own.sock", version="1", backoff=Backoff(0.05, 0.1))
    await store.close()


async def test_a_tunnel_that_comes_up_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAR_SIDE", 100.0)
    async with paired(site) as far, far:
        await site.becomes(kept, up_before=(FAR,))


async def test_a_tunnel_that_was_up_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAR_SIDE", 100.0)
    async with paired(site):
        await site.becomes(says("tunnel: far is not connected"), up_before=(FAR,))


async def test_another_appliance_that_does_not_come_is_no_fault_of_the_release(site: Site) -> None:
    async with paired(site):
        await site.becomes(kept, up_before=(FAR,))


async def test_another_appliance_that_comes_and_gets_no_tunnel_is_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> dict[str, object]:
        return {"refused": "version"}

    monkeypatch.setattr(TunnelServer, "greet", refuse)
    monkeypatch.setattr(module, "WELL_FOR", 10.0)
    async with paired(site) as far, far:
        await site.becomes(says("tunnel: far is not connected"), up_before=(FAR,))
