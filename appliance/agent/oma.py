"""The OMA's agent, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from appliance.agent.backup.backups import Sealed
from appliance.agent.config import Config
from appliance.agent.health.monitor import HealthMonitor, Outside
from appliance.agent.health.recovery import Recovery
from appliance.agent.health.underway import under_way
from appliance.agent.health.watches import SeenPeer
from appliance.agent.http.local import LocalApi, operator_application
from appliance.agent.http.status import Facts, StatusRoutes
from appliance.agent.links import link_of
from appliance.agent.machine import Host, addresses, running_machine
from appliance.agent.oma_options import follow
from appliance.agent.oma_routes import APIS, served
from appliance.agent.operators import Operators
from appliance.agent.peer.oma import peer_application
from appliance.agent.probes import oma_probes
from appliance.agent.reconciler.jobs import Healing, LookAround, look_at_start
from appliance.agent.reconciler.known import ReconcilerDeps
from appliance.agent.upgrade.looks import door_answers, records_fit
from appliance.agent.version import VERSION
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import SEALED as SEALED_SECRET_KEY
from appliance.cloudstack.configs import Configs
from appliance.contract import status
from appliance.contract.peer import AllowedBandwidth
from appliance.core.carrying import make_known
from appliance.core.commands import Children
from appliance.core.jobs import Runner
from appliance.core.rotation import KeyRotation
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.failover import emulation, requests
from appliance.failover.deps import FailoverDeps
from appliance.failover.drivers import Drivers
from appliance.failover.fetching import fetchings
from appliance.failover.preparation import Preparer
from appliance.failover.turns import Turns
from appliance.failover.workflows import workflows
from appliance.failover.workplace import Workplace
from appliance.preflight.gather import Lookout
from appliance.preflight.protect import ProtectionLook
from appliance.replication import bulk, removal
from appliance.replication.bulk import BulkAdd
from appliance.replication.cycle import Replication, Verification
from appliance.replication.protect import Protection
from appliance.replication.records import restore_point
from appliance.replication.removal import VmRemoval
from appliance.replication.source import Sources
from appliance.replication.steps import CycleDeps
from appliance.replication.verify.desk import Desk
from appliance.replication.verify.limits import VerifyLimits
from appliance.schedules.allowance import Allowance
from appliance.schedules.fleet import Fleet
from appliance.schedules.scheduler import Scheduler
from appliance.tunnel.identity import load_identity
from appliance.tunnel.oma_side import OmaSide
from appliance.volumes.facade import Settings, Volumes
from appliance.volumes.trial import SnapshotTrial
from appliance.vsphere.credentials import SEALED as SEALED_PASSWORD
from appliance.vsphere.credentials import Credentials

SEALED_COLUMNS = (SEALED_PASSWORD, SEALED_SECRET_KEY)


class Oma:
    """Everything an OMA consists of, made but not started."""

    def __init__(self, config: Config, store: Store, side: OmaSide, runner: Runner, children: Children) -> None:
        self.config, self.store, self.side, self.runner = config, store, side, runner
        self.vault = Vault(config.state_dir / "vault.key")
        self.configs, self.clouds = Configs(store, self.vault), Clouds(store)
        self.credentials = Credentials(store, self.vault)
        self.sources = Sources(config.run_dir, self.credentials, side.peers)
        self.volumes = Volumes(store, self.configs, children, _volume_settings(config))
        self.volumes.set_before_detach(side.sessions.end_for_disk)
        self.verify_limits = VerifyLimits()
        cycle = CycleDeps(store, self.volumes, self.configs, self.sources, self.end_sessions, lambda: self.verify_limits)
        link = partial(link_of, side)
        self.protection_look = ProtectionLook(Lookout(self.sources, self.clouds, self.volumes, self.configs, link), store)
        self.protection = Protection(cycle, runner, self.protection_look.refuse_unfit)
        self.failover = FailoverDeps(
            store=store,
            runner=runner,
            volumes=self.volumes,
            clouds=self.clouds,
            configs=self.configs,
            source=self.sources,
            end_sessions=self.end_sessions,
            restore_point=restore_point,
            preparer=_preparer(config, children),
            test_network_id=config.failover.test_network_id,
            link=link,
        )
        self.desk = Desk(store, side.sessions.end_for_disk)
        for kind in (Replication, Verification):
            runner.register(kind(cycle), self.protection.again)
        runner.register(BulkAdd(store, self.sources), partial(bulk.again, runner))
        runner.register(VmRemoval(store, self.volumes, self.sources), lambda job: removal.start(store, runner, job.vm_context_id or ""))
        runner.register(SnapshotTrial(self.volumes, self.configs), lambda job: runner.submit(job.kind, job.params))
        runner.register(KeyRotation(store, self.vault, SEALED_COLUMNS), lambda _: runner.submit(KeyRotation.kind, {}))
        for workflow in workflows(self.failover):
            runner.register(workflow, partial(requests.again, self.failover))
        make_known(runner, *fetchings(self.failover.preparer.drivers))
        compared = ReconcilerDeps(self.failover, children, lambda: {one.owner for one in side.sessions.living()})
        runner.register(LookAround(compared), lambda job: runner.submit(job.kind, {}))
        runner.register(Healing(compared))
        self.scheduler = Scheduler(store, self.protection.start, self.is_reachable)
        self.allowance = Allowance(store, self._connected, self._allow)
        self.recovery = Recovery(store, runner, self.volumes.reconcile)
        self.monitor = HealthMonitor(store, runner, Outside(self.sources, self._seen_peers, self._open_orders))

    async def end_sessions(self, volume_ids: Sequence[str]) -> None:
        """End every data session of these volumes; their processes are reaped when this returns."""
        for volume_id in volume_ids:
            await self.side.sessions.end_for_disk(volume_id)

    def is_reachable(self, peer_id: str) -> bool:
        """Whether the tunnel of a peer is up."""
        return self.side.tunnels.state(peer_id).up

    async def _connected(self) -> list[str]:
        return [peer.id for peer in await self.side.peers.all() if self.is_reachable(peer.id)]

    async def _allow(self, peer_id: str, limit: int | None) -> None:
        await self.sources.vma(peer_id).allow_bandwidth(AllowedBandwidth(bytes_per_second=limit))

    async def operate(self) -> None:
        """Take up what an earlier agent left, then run the schedules, and tell the VMAs how much they may move."""
        await self.failover.preparer.workplace.sweep()
        await self.recovery.run()
        await look_at_start(self.store, self.runner)
        await asyncio.gather(self.scheduler.run(), self.allowance.run(), self.monitor.run())

    async def rehearse(self) -> None:
        """Read what `operate` begins with, and change nothing. Raises what is wrong."""
        await Fleet(self.store).get()
        await under_way(self.store)
        await self._seen_peers()
        await self._connected()

    async def _seen_peers(self) -> list[SeenPeer]:
        return [SeenPeer(one.name, one.version, one.last_seen) for one in await self.side.peers.all() if one.state == "paired"]

    async def _open_orders(self) -> int:
        return await self.clouds.look_after_jobs(await self.configs.all())

    async def tunnels(self) -> list[status.Tunnel]:
        """How the tunnel of each peer is."""
        found = []
        for peer in await self.side.peers.all():
            if peer.state == "revoked":
                continue
            state = self.side.tunnels.state(peer.id)
            since = state.since.isoformat() if state.since else None
            met = self.side.tunnels.came_just_now(peer.id)
            found.append(
                status.Tunnel(peer_id=peer.id, peer_name=peer.name, up=state.up, since=since, last_error=state.last_error, met=met)
            )
        return found

    async def close(self) -> None:
        """Close what is open to the outside."""
        await self.sources.close()
        await self.clouds.close()
        self.desk.close()


@asynccontextmanager
async def running_oma(config: Config, host: Host) -> AsyncIterator[LocalApi]:
    """A whole OMA, from its store to its listeners, for the time of the block."""
    async with AsyncExitStack() as stack:
        store = await Store.open(config.database_url)
        stack.push_async_callback(store.close)
        children, runner = Children(config.run_dir / "children"), Runner(store)
        identity = await load_identity(config.state_dir / "identity", "oma")
        web = operator_application((), None)
        side = OmaSide(
            identity,
            store,
            config.run_dir,
            children,
            lambda peer: host.trial.holding(peer_application(peer, store, runner, side.sessions, oma.desk)),
            name=config.name,
            version=VERSION,
            web_app=web,
        )
        oma = Oma(config, store, side, runner, children)
        stack.push_async_callback(oma.close)
        facts = Facts(store, addresses, oma.tunnels, lambda: side.door.port)
        status_routes = StatusRoutes(identity, config.name, oma_probes(oma, host.trial), facts, APIS)
        operators = await Operators.open(config, store, host.trial.hold())
        follow(oma, operators.options)
        sealed = Sealed(oma.vault, SEALED_COLUMNS)
        machine = running_machine(config, host, store, runner, children, identity.id, status_routes.described, operators, sealed)
        apis = (*served(oma, status_routes), *await stack.enter_async_context(machine))
        web.add_subapp("/operator", operators.application(apis))
        await oma.volumes.start()
        stack.push_async_callback(oma.volumes.close)
        await side.start(config.front_door.address, config.front_door.port)
        stack.push_async_callback(side.stop)
        stack.push_async_callback(runner.close)
        operating = asyncio.create_task(host.trial.then(oma.operate))
        stack.push_async_callback(_cancelled, operating)
        api = operators.api(config, apis)
        await api.start()
        stack.push_async_callback(api.stop)
        host.trial.look_at(partial(records_fit, store))
        host.trial.look_at(oma.rehearse)
        host.trial.look_at(lambda: door_answers(config.front_door.address, side.door.port, identity))
        yield api


def _volume_settings(config: Config) -> Settings:
    return Settings(
        state_dir=config.state_dir / "volumes",
        run_dir=config.run_dir / "volumes",
        devices_dir=config.storage.devices_dir,
        export_port=config.storage.export_port,
        slot_limit=config.storage.slot_limit,
        device_wait_s=config.storage.device_wait_s,
    )


def _preparer(config: Config, children: Children) -> Preparer:
    return Preparer(
        children,
        Workplace(config.state_dir / "preparation", children),
        Drivers(config.state_dir / "windows-drivers"),
        environment=emulation.settings(config.failover.acceleration, Path("/proc/cpuinfo").read_text()),
        turns=Turns(emulation.places(emulation.memory_mib())),
    )


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
