"""Two appliances on loopback: an OMA behind its front door, and VMAs that pair with it and dial in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tunnel_sites import MakeVma, Oma, Vma, open_store, peer_app

from appliance.core.commands import Children
from appliance.core.store import Store
from appliance.tunnel.backoff import Backoff
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.identity import Identity, load_identity
from appliance.tunnel.oma_side import OmaSide
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.tunnel.principal import Principal, PrincipalSite


@pytest.fixture
def run_folder() -> Iterator[Path]:
    """A short path: names of Unix sockets hold 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="tn-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path / "oma.sqlite")
    yield opened
    await opened.close()


@pytest.fixture
async def oma(tmp_path: Path, run_folder: Path, store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Oma]:
    """Its parameter, where a test gives one, is the address that the front door listens on."""
    identity = await load_identity(tmp_path / "oma", "oma")
    children, alarms = Children(tmp_path / "children"), []

    async def alarm(peer_id: str, cause: str) -> None:
        alarms.append(peer_id)

    side = OmaSide(identity, store, run_folder / "o", children, peer_app, name="OMA one", version="1.0", alarm=alarm)
    side.tunnels._check_every = 0.3
    await side.start(getattr(request, "param", "127.0.0.1"), 0)
    yield Oma(side, identity, children, store, run_folder / "o", alarms)
    await side.stop()
    assert children.living("") == []


@pytest.fixture
async def make_vma(tmp_path: Path, run_folder: Path, oma: Oma) -> AsyncIterator[MakeVma]:
    """Makes VMAs that are paired by records alone, and start to dial. `boot_id` and `identity` make twins."""
    made: list[Vma] = []
    stores: list[Store] = []

    async def make(
        name: str = "v",
        *,
        identity: Identity | None = None,
        boot_id: str = "boot-1",
        host_key: str = "",
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> Vma:
        identity = identity or await load_identity(tmp_path / name, "vma", boot_id)
        store = await open_store(tmp_path / f"{name}-{len(made)}.sqlite")
        stores.append(store)
        peers, folder = Peers(store), run_folder / f"{name}{len(made)}"
        key = host_key or oma.identity.ssh_public_key
        await peers.keep(PairedPeer(oma.identity.id, "OMA", "oma", key, "1", address, port or oma.port))
        if await oma.side.peers.find(identity.id) is None:
            await oma.side.peers.keep(PairedPeer(identity.id, name, "vma", identity.ssh_public_key, "1", "127.0.0.1", 0))

        async def describe() -> dict[str, object]:
            return {"id": identity.id}

        site = PrincipalSite(peer_app, Principal(oma.identity.id, "oma"), folder / "own.sock", describe)
        await site.start()
        dialler = Dialler(identity, peers, folder, site.path, version="1.0", backoff=Backoff(0.05, 0.3), check_every=0.3)
        await dialler.start()
        made.append(Vma(identity, peers, dialler, site, folder))
        return made[-1]

    yield make
    for vma in made:
        await vma.dialler.stop()
        await vma.site.stop()
    for store in stores:
        await store.close()


@pytest.fixture
async def vma(make_vma: MakeVma, oma: Oma) -> Vma:
    """A VMA whose tunnel is up in both directions."""
    made = await make_vma()
    await made.dialler.wait_up(10)
    await oma.side.tunnels.wait_up(made.id, 10)
    return made
