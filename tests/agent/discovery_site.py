"""An OMA that looks through its VMA into the lab's vCenter: everything between them over sockets."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from appliance.agent.http.discovery import DiscoveryRoutes
from appliance.agent.http.local import LocalApi
from appliance.agent.http.management import ManagementRoutes
from appliance.agent.peer.vma import peer_application
from appliance.contract.client import Transport, client
from appliance.contract.discovery import Addition, AddVms, DiscoveryApi
from appliance.contract.management import ManagementApi
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.vcenter import DiskPlan, NicPlan, Plan, VcenterLab, VmPlan
from appliance.replication import bulk
from appliance.replication.bulk import BulkAdd
from appliance.replication.removal import VmRemoval
from appliance.replication.source import Sources
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.workflow import TransferDeps
from appliance.tunnel.models import Peer
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import Principal, PrincipalSite
from appliance.volumes.facade import Volumes
from appliance.vsphere.certificate import fetch_fingerprint
from appliance.vsphere.credentials import Credentials, Draft

VMA = "vma-1"


def plan(many: int = 0) -> Plan:
    """VMs without bytes: three good ones, one whose disk can't be migrated, and `many` more."""

    def made(name: str, *disks: DiskPlan, network: str = "VM Network") -> VmPlan:
        return VmPlan(name=name, kind="synthetic", disks=list(disks), nics=[NicPlan(network=network)])

    good = [made(name, DiskPlan(size=1 << 30)) for name in ("db1", "web1")]
    two_disks = made("web2", DiskPlan(size=1 << 30), DiskPlan(size=2 << 30), network="Isolated")
    return Plan(vms=[*good, two_disks, made("mapped", DiskPlan(size=1 << 30, raw_mapping="physicalMode"))], synthetic=many)


class Oma:
    """The OMA's routes as its operator reaches them, and what is behind them."""

    def __init__(self, store: Store, runner: Runner, credentials: Credentials, transport: Transport, sources: Sources) -> None:
        self.store, self.runner, self.credentials, self.sources = store, runner, credentials, sources
        self.discovery, self.management = client(DiscoveryApi, transport), client(ManagementApi, transport)

    async def log_in(self, lab: VcenterLab, name: str = "main", **more: Any) -> int:
        """A credential for the lab's vCenter, the default one; returns its id."""
        shown = await fetch_fingerprint(lab.host, lab.port)
        fields = {"name": name, "peer_id": VMA, "vcenter_host": lab.host, "vcenter_port": lab.port, "username": lab.user}
        trust = {"password": lab.password, "datacenter": "", "fingerprint": shown, "is_default": name == "main"}
        return (await self.credentials.create(Draft(**(fields | trust | more)))).id

    async def added(self, *vms: str) -> list[Addition]:
        """What became of these VMs, once the job has ended."""
        job_id = (await self.discovery.add_vms(AddVms(vms=list(vms)))).job_id
        job = await self.runner.wait(job_id)
        assert job.status == "completed", job.error
        return await self.discovery.additions(job_id)


@asynccontextmanager
async def running_oma(store: Store, folder: Path, volumes: Volumes | None = None) -> AsyncIterator[Oma]:
    """An OMA with one paired VMA at the end of a socket, as the tunnel puts it there."""
    async with store.begin() as session:
        session.add(Peer(id=VMA, name="vma1", role="vma", ssh_public_key="", state="paired"))
    credentials, runner = Credentials(store, Vault(folder / "k" / "vault.key")), Runner(store)
    transfers = TransferDeps(Logins(), {}, cast(Any, None), cast(Any, None), Path())

    async def described() -> dict[str, object]:
        return {}

    with tempfile.TemporaryDirectory(prefix="di-") as run:
        app = peer_application(Runner(store), transfers)
        site = PrincipalSite(lambda _: app, Principal("oma", "oma"), Path(run) / "peers" / VMA / "vma.sock", described)
        await site.start()
        sources = Sources(Path(run), credentials, Peers(store))
        disks = cast(Volumes, volumes)
        runner.register(BulkAdd(store, sources), lambda job: bulk.again(runner, job))
        runner.register(VmRemoval(store, disks, sources))
        routes = (
            (DiscoveryApi, DiscoveryRoutes(store, sources, credentials, runner)),
            (ManagementApi, ManagementRoutes(store, sources, disks, runner)),
        )
        api = LocalApi(routes, "token", Path(run) / "api.sock", "127.0.0.1", 0)
        await api.start()
        transport = Transport(unix=str(Path(run) / "api.sock"))
        yield Oma(store, runner, credentials, transport, sources)
        await transport.close()
        await runner.close()
        await api.stop()
        await sources.close()
        await site.stop()
