"""What an appliance is as a machine, whatever its role: network, set-up, shell gate, console over SSH, logs, support bundles, power."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from appliance.agent.config import Config
from appliance.agent.gate.challenge import read_vendor_key
from appliance.agent.gate.entrance import nobody_else
from appliance.agent.gate.gate import Gate
from appliance.agent.http.access import RemoteConsoleRoutes
from appliance.agent.http.gate import GateRoutes
from appliance.agent.http.local import Served, open_to
from appliance.agent.http.network import NetworkRoutes
from appliance.agent.http.setup import SetupRoutes
from appliance.agent.http.system import SystemRoutes
from appliance.agent.logs import LogBook
from appliance.agent.power import Power
from appliance.agent.remote_console.service import RemoteConsole
from appliance.agent.setup import Setup
from appliance.agent.support.bundles import SupportBundles
from appliance.contract import access, gate, network, setup, system
from appliance.core.audit import Audit
from appliance.core.commands import Children
from appliance.core.jobs import Runner
from appliance.core.settings import Settings
from appliance.core.store import Store
from appliance.netconfig.control import NetworkControl
from appliance.netconfig.observe import observe, shown_addresses

APIS = (network.NetworkApi, setup.SetupApi, gate.GateApi, access.RemoteConsoleApi, system.SystemApi)


@dataclass(frozen=True)
class Host:
    """What the process gives its agent: its log, the network that it has under control already, and a way to be started anew."""

    book: LogBook
    network: NetworkControl
    restart: Callable[[], None]


@asynccontextmanager
async def running_machine(
    config: Config,
    host: Host,
    store: Store,
    runner: Runner,
    children: Children,
    appliance_id: str,
    describe: Callable[[], Awaitable[dict[str, object]]],
) -> AsyncIterator[Served]:
    """The parts, started; each API with the object that serves it. `describe` tells the support bundle how the appliance is."""
    async with AsyncExitStack() as stack:
        settings, audit = Settings(store), Audit(store)
        await host.network.audited_by(audit)
        key = await asyncio.to_thread(read_vendor_key, config.gate.vendor_key)
        # The console over SSH is another user's, and the vendor's way in as often as not.
        admit = partial(open_to, config.remote_console.group) if config.remote_console.group else nobody_else
        shell = Gate(appliance_id, key, settings, audit, children, config.run_dir / "shell.sock", config.gate.shell, admit=admit)
        await shell.start()
        stack.push_async_callback(shell.stop)
        remote = RemoteConsole(config, settings, audit, children, config.api_socket)
        await remote.start()
        stack.push_async_callback(remote.close)
        power = Power(config.machine, audit, host.restart)
        stack.push_async_callback(power.close)
        bundles = SupportBundles(store, runner, config, describe, book=host.book)
        yield (
            (network.NetworkApi, NetworkRoutes(host.network)),
            (setup.SetupApi, SetupRoutes(Setup(settings, audit, remote.set_password))),
            (gate.GateApi, GateRoutes(shell, audit)),
            (access.RemoteConsoleApi, RemoteConsoleRoutes(remote)),
            (system.SystemApi, SystemRoutes(host.book, bundles, power)),
        )


def network_of(config: Config) -> NetworkControl:
    """The control over the machine's network. It needs nothing but files, and is started before all that may fail."""
    return NetworkControl(config.state_dir / "network", config.machine.networkd_dir)


async def addresses() -> list[str]:
    """The addresses by which others reach this machine, without loopback and link-local ones, IPv4 first."""
    return shown_addresses((await observe()).interfaces)
