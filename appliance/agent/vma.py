"""The VMA's agent, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from appliance.agent.config import Config
from appliance.agent.health.clock import clock_probes
from appliance.agent.http.disk_library import DiskLibraryRoutes
from appliance.agent.http.jobs import JobRoutes
from appliance.agent.http.joining import JoinRoutes
from appliance.agent.http.local import LocalApi
from appliance.agent.http.metrics import MetricsRoutes
from appliance.agent.http.source import SourceRoutes
from appliance.agent.http.status import Facts, Probe, StatusRoutes
from appliance.agent.http.tunnel import TunnelRoutes, vma_tunnel
from appliance.agent.machine import APIS as MACHINE_APIS
from appliance.agent.machine import Host, addresses, running_machine
from appliance.agent.oma_link import TunnelLink
from appliance.agent.operators import Operators
from appliance.agent.peer.vma import peer_application
from appliance.agent.probes import probe_database, probe_migrations
from appliance.agent.upgrade.looks import records_fit
from appliance.agent.version import VERSION
from appliance.contract import disk_library, jobs, metrics, pairing, source, status, tunnel
from appliance.contract.options import REPLICATION_TRIES
from appliance.core.carrying import make_known
from appliance.core.commands import Children
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.replication.pace import board_paces
from appliance.replication.transfer.asking import no_login_comes
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.workflow import Transfer, TransferDeps
from appliance.tunnel.dialler import Dialler
from appliance.tunnel.identity import Identity, load_identity
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import Principal, PrincipalSite
from appliance.vsphere.serving import sweep
from appliance.vsphere.vddk.fetching import fetching
from appliance.vsphere.vddk.library import FOLDER as LIBRARY_FOLDER
from appliance.vsphere.vddk.library import Library

APIS = (
    status.StatusApi,
    jobs.JobsApi,
    source.SourceApi,
    disk_library.DiskLibraryApi,
    pairing.JoinApi,
    tunnel.TunnelApi,
    metrics.MetricsApi,
    *MACHINE_APIS,
)


@asynccontextmanager
async def running_vma(config: Config, host: Host) -> AsyncIterator[LocalApi]:
    """A whole VMA, from its store to its listeners, for the time of the block."""
    async with AsyncExitStack() as stack:
        store = await Store.open(config.database_url)
        stack.push_async_callback(store.close)
        children, runner, peers = Children(config.run_dir / "children"), Runner(store), Peers(store)
        await children.end("")
        await sweep(config.run_dir / "copy")
        await asyncio.to_thread(_forget_keys, config.run_dir / "copy")
        identity = await load_identity(config.state_dir / "identity", "vma")
        own_api = config.run_dir / "peer-api.sock"
        dialler = Dialler(identity, peers, config.run_dir / "tunnel", own_api, version=VERSION)
        link = TunnelLink(dialler, peers)
        stack.push_async_callback(link.close)
        operators = await Operators.open(config, store, host.trial.hold())
        tries = partial(operators.options.__getitem__, REPLICATION_TRIES)
        library = Library(config.state_dir / LIBRARY_FOLDER)
        await library.open()
        transfers = TransferDeps(
            Logins(partial(no_login_comes, link)), {}, link, children, config.run_dir / "copy", tries, library=lambda: library.usable
        )
        runner.register(Transfer(transfers))
        make_known(runner, fetching(library))
        site = PrincipalSite(
            lambda _: host.trial.holding(peer_application(runner, transfers)),
            Principal("oma", "oma"),
            own_api,
            partial(_describe, identity),
        )
        await site.start()
        stack.push_async_callback(site.stop)
        await dialler.start()
        stack.push_async_callback(dialler.stop)
        tunnels = partial(_tunnels, peers, dialler)
        probes: dict[str, Probe] = {
            "database": partial(probe_database, store),
            "migrations": partial(probe_migrations, store),
            "tunnel": partial(_probe_tunnel, dialler),
            **clock_probes(),
        }
        status_routes = StatusRoutes(identity, config.name, probes, Facts(store, addresses, tunnels), APIS)
        machine = running_machine(config, host, store, runner, children, identity.id, status_routes.described, operators)
        served = (
            (status.StatusApi, status_routes),
            (jobs.JobsApi, JobRoutes(store, runner, partial(board_paces, transfers.boards))),
            (source.SourceApi, SourceRoutes(store, transfers)),
            (disk_library.DiskLibraryApi, DiskLibraryRoutes(library, runner)),
            (pairing.JoinApi, JoinRoutes(identity, peers, dialler, config.name, VERSION)),
            (tunnel.TunnelApi, TunnelRoutes(partial(vma_tunnel, peers, dialler), peers)),
            (metrics.MetricsApi, MetricsRoutes(store, "vma", tunnels)),
            *await stack.enter_async_context(machine),
        )
        stack.push_async_callback(runner.close)
        await stack.enter_async_context(host.trial.followed_by(runner.recover))
        api = operators.api(config, served)
        await api.start()
        stack.push_async_callback(api.stop)
        host.trial.look_at(partial(records_fit, store))
        yield api


def _forget_keys(folder: Path) -> None:
    """The keys of data sessions that a killed agent left."""
    for left in folder.glob("*.psk"):
        left.unlink()


async def _describe(identity: Identity) -> dict[str, object]:
    return {"id": identity.id, "role": identity.role, "version": VERSION, "boot_id": identity.boot_id}


async def _tunnels(peers: Peers, dialler: Dialler) -> list[status.Tunnel]:
    oma, state = await peers.newest("oma"), dialler.state
    if oma is None:
        return []
    since = state.since.isoformat() if state.since else None
    met = dialler.has_reached
    return [status.Tunnel(peer_id=oma.id, peer_name=oma.name, up=state.up, since=since, last_error=state.last_error, met=met)]


async def _probe_tunnel(dialler: Dialler) -> status.Part:
    state = dialler.state
    return status.Part(state="ok") if state.up else status.Part(state="degraded", detail="Not connected to the other appliance.")
