"""What an appliance is as a machine, whatever its role: network, set-up, shell gate, console over SSH, logs, support bundles, power."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from appliance.agent.backup.backups import Backups, Sealed
from appliance.agent.config import Config
from appliance.agent.gate.challenge import read_vendor_key
from appliance.agent.gate.entrance import nobody_else
from appliance.agent.gate.gate import Gate
from appliance.agent.http.access import RemoteConsoleRoutes
from appliance.agent.http.backups import BackupRoutes
from appliance.agent.http.gate import GateRoutes
from appliance.agent.http.local import Served, open_to
from appliance.agent.http.network import NetworkRoutes
from appliance.agent.http.settings import SettingsRoutes
from appliance.agent.http.setup import SetupRoutes
from appliance.agent.http.system import SystemRoutes
from appliance.agent.http.tokens import TokenRoutes
from appliance.agent.http.upgrades import UpgradeRoutes
from appliance.agent.logs import LogBook
from appliance.agent.operators import Operators
from appliance.agent.power import Power
from appliance.agent.provided.proposals import Proposals
from appliance.agent.provided.router import user_data
from appliance.agent.remote_console.service import RemoteConsole
from appliance.agent.retention.daily import daily
from appliance.agent.retention.limits import Limits
from appliance.agent.retention.workflow import Keeping, Maintenance, prune
from appliance.agent.setup import Setup
from appliance.agent.support.bundles import SupportBundles
from appliance.agent.upgrade.asking import own_state
from appliance.agent.upgrade.trial import Trial
from appliance.agent.upgrade.upgrades import Upgrades
from appliance.contract import access, backups, gate, network, settings, setup, system, tokens, upgrades
from appliance.contract.options import BACKUPS_KEPT, LOG_FILES, SUPPORT_BUNDLES
from appliance.core.commands import Children
from appliance.core.jobs import Runner
from appliance.core.settings import Settings
from appliance.core.store import Store
from appliance.netconfig.control import NetworkControl
from appliance.netconfig.observe import observe, shown_addresses

APIS = (
    network.NetworkApi,
    setup.SetupApi,
    gate.GateApi,
    access.RemoteConsoleApi,
    system.SystemApi,
    settings.SettingsApi,
    tokens.TokensApi,
    backups.BackupsApi,
    upgrades.UpgradesApi,
)


def _stays() -> None:
    """An agent that nobody starts again does not leave."""


@dataclass(frozen=True)
class Host:
    """What the process gives its agent: its log, the network that it has under control already, and a way to be started anew.

    `leave` ends it, so that the base system chooses the release that is started; `trial` is that of the release that runs.
    """

    book: LogBook
    network: NetworkControl
    restart: Callable[[], None]
    leave: Callable[[], None] = _stays
    trial: Trial = field(default_factory=Trial)


@asynccontextmanager
async def running_machine(
    config: Config,
    host: Host,
    store: Store,
    runner: Runner,
    children: Children,
    appliance_id: str,
    describe: Callable[[], Awaitable[dict[str, object]]],
    operators: Operators,
    sealed: Sealed | None = None,
) -> AsyncIterator[Served]:
    """The parts, started; each API with the object that serves it. `describe` tells the support bundle how the appliance is.

    `sealed` are the secrets among its records.
    """
    async with AsyncExitStack() as stack:
        kept, audit, options = Settings(store), operators.audit, operators.options
        await host.network.audited_by(audit)
        key = await asyncio.to_thread(read_vendor_key, config.gate.vendor_key)
        # The console over SSH is another user's, and the vendor's way in as often as not.
        admit = partial(open_to, config.remote_console.group) if config.remote_console.group else nobody_else
        shell = Gate(appliance_id, key, kept, audit, children, config.run_dir / "shell.sock", config.gate.shell, admit=admit)
        await shell.start()
        stack.push_async_callback(shell.stop)
        remote = RemoteConsole(config, kept, audit, children, config.api_socket)
        await remote.start()
        stack.push_async_callback(remote.close)
        power = Power(config.machine, audit, host.restart)
        stack.push_async_callback(power.close)
        kept_backups = Backups(store, runner, config, sealed, partial(power.ask, system.PowerAction.RESTART_AGENT))
        first = Setup(kept, audit, remote.set_password)
        proposals = _proposals(config, first)
        stack.push_async_callback(proposals.close)
        kept_upgrades = Upgrades(config, runner, audit, key, partial(own_state, config.api_socket), host.leave)

        async def described() -> dict[str, object]:
            return {**await describe(), "settings": options.shown()}

        bundles = SupportBundles(store, runner, config, described, book=host.book)
        options.watch(SUPPORT_BUNDLES, lambda: bundles.keep(options[SUPPORT_BUNDLES]))
        options.watch(LOG_FILES, lambda: host.book.keep(options[LOG_FILES]))
        options.watch(BACKUPS_KEPT, lambda: kept_backups.keep(options[BACKUPS_KEPT]))
        runner.register(Maintenance(Keeping(store, lambda: Limits.of(options))), lambda _: prune(runner))
        tidying = asyncio.create_task(daily(runner))
        stack.callback(tidying.cancel)
        yield (
            (network.NetworkApi, NetworkRoutes(host.network)),
            (setup.SetupApi, SetupRoutes(first, proposals)),
            (gate.GateApi, GateRoutes(shell, audit)),
            (access.RemoteConsoleApi, RemoteConsoleRoutes(remote)),
            (backups.BackupsApi, BackupRoutes(kept_backups)),
            (upgrades.UpgradesApi, UpgradeRoutes(kept_upgrades)),
            (system.SystemApi, SystemRoutes(host.book, bundles, power)),
            (settings.SettingsApi, SettingsRoutes(options, audit)),
            (tokens.TokensApi, TokenRoutes(operators.tokens, audit)),
        )


def _proposals(config: Config, first: Setup) -> Proposals:
    """What was given at deployment. Only an OMA is where CloudStack's virtual router is."""
    given = config.deployment
    return Proposals(first.is_open, given.devices_dir, given.leases_dir, user_data if config.role == "oma" else None)


def network_of(config: Config) -> NetworkControl:
    """The control over the machine's network. It needs nothing but files, and is started before all that may fail."""
    return NetworkControl(config.state_dir / "network", config.machine.networkd_dir)


async def addresses() -> list[str]:
    """The addresses by which others reach this machine, without loopback and link-local ones, IPv4 first."""
    return shown_addresses((await observe()).interfaces)
