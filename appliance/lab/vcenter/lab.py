"""The lab's vCenter put together: started, stopped, and used inside tests."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from aiohttp import web

from appliance.lab.vcenter import certificate, stock
from appliance.lab.vcenter.control import Control
from appliance.lab.vcenter.estate import Estate
from appliance.lab.vcenter.inventory import Inventory
from appliance.lab.vcenter.methods import Service
from appliance.lab.vcenter.operations import Operations
from appliance.lab.vcenter.plan import Plan
from appliance.lab.vcenter.server import Server
from appliance.lab.vcenter.sessions import Sessions
from appliance.lab.vcenter.tasks import Tasks

USER = "administrator@vsphere.local"


class VcenterLab:
    """A vCenter with its machines, all state under ``folder``: ``async with VcenterLab(folder, plan) as lab``.

    HTTPS is served by threads and the machines by a loop of their own, so a test may call pyVmomi from its own loop's thread.
    ``host``, ``port``, ``user``, ``password``, ``certificate`` (file) and ``control`` (socket) tell how to reach it.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        names: Sequence[str] = (),
        user: str = USER,
        password: str | None = None,
    ) -> None:
        """Without a password a random one is made. ``names`` go into a new certificate besides ``host``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.plan, self.host, self.user = folder, plan or Plan(), host, user
        self.password = password or secrets.token_urlsafe(12)
        self.control = folder / "control.sock"
        self.estate = Estate(folder, self.plan)
        tasks = Tasks(self.estate)
        sessions = Sessions(user, self.password, self.plan.idle_seconds, self.plan.sessions)
        self.service = Service(self.estate, sessions, tasks, Inventory(self.estate, tasks), Operations(self.estate))
        context, self.certificate = certificate.context(folder, list(dict.fromkeys([*names, host, "localhost", "127.0.0.1"])))
        self._server = Server((host, port), context, self.service)
        self.port: int = self._server.server_address[1]
        self._loop = asyncio.SelectorEventLoop()
        self._threads: list[threading.Thread] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> VcenterLab:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Make what the plan names, start what was on, and listen; blocks until all of it is there."""
        self.estate.loop = self._loop
        self._thread(self._loop.run_forever)
        try:
            self.estate.run(self._open())
        except BaseException:
            self.stop()
            raise
        self._thread(self._server.serve_forever, 0.05)

    def stop(self) -> None:
        """End everything; machines that are on come back at the next start. Stopping twice does nothing."""
        if not self._threads:
            return
        if len(self._threads) > 1:
            self._server.shutdown()
        self._server.cut_all()
        self._server.server_close()
        self.estate.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()
        self._loop.close()

    async def _open(self) -> None:
        await stock.fill(self.estate)
        await stock.revive(self.estate)
        for vm in self.estate.vms:
            if vm.kind != "synthetic":
                await (self.service.operations.boot(vm) if vm.powered_on else self.service.operations.settle(vm))
        facts = {"host": self.host, "port": self.port, "user": self.user, "certificate": str(self.certificate)}
        self._runner = web.AppRunner(Control(self.service, self._server, facts).application())
        await self._runner.setup()
        self.control.unlink(missing_ok=True)
        await web.UnixSite(self._runner, str(self.control)).start()
        self.control.chmod(0o600)

    async def _close(self) -> None:
        await self.service.operations.leave()
        if self._runner is not None:
            await self._runner.cleanup()
        mine = asyncio.current_task()
        for task in asyncio.all_tasks() - {mine}:
            task.cancel()

    def _thread(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)
