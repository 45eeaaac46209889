"""An agent that serves nothing but the network: the real control and routes, on a Unix socket. Its clock may run faster.

Usage: network_agent.py FOLDER SOCKET SPEED
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from socket import sethostname

import uvloop
from aiohttp import web

from appliance.agent.http.binding import application, bind
from appliance.agent.http.network import NetworkRoutes
from appliance.contract.network import NetworkApi
from appliance.core.audit import Audit
from appliance.core.store import Store
from appliance.netconfig.applier import Places, SystemApplier
from appliance.netconfig.control import NetworkControl
from appliance.netconfig.observe import observe
from appliance.netconfig.trial import BootClock


class HurriedClock(BootClock):
    """So many seconds in each."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def now(self) -> float:
        return super().now() * self._speed

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._speed)


async def serve(folder: Path, socket: str, speed: float) -> None:
    """Serve until SIGTERM."""
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/appliance.db")
    control = NetworkControl(
        folder / "state",
        folder / "etc/systemd/network",
        Audit(store),
        applier=SystemApplier(Places.around(folder / "etc/systemd/network"), set_host_name=sethostname),
        clock=HurriedClock(speed),
        observing=lambda: observe(folder / "etc/resolv.conf"),
    )
    await control.start()
    app = application()
    bind(app, NetworkApi, NetworkRoutes(control))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, socket).start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await runner.cleanup()
    await control.close()
    await store.close()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
