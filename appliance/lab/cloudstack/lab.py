"""A running lab cloud: API on TCP, control on a Unix socket, everything under one folder."""

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from .api import PATH, Api
from .cloud import Cloud
from .config import LabConfig
from .control import Control, socket_of
from .records import fixed_id


class CloudstackLab:
    """`async with CloudstackLab(folder) as lab:` then use `lab.url`, `lab.api_key`, `lab.secret_key`.

    Port 0 takes a free one. Nothing of it outlives the context: no process, no link, no loop device.
    """

    def __init__(self, folder: Path, config: LabConfig | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self.cloud = Cloud(folder, config or LabConfig())
        self._host = host
        self._port = port
        self._runners: list[web.AppRunner] = []

    @property
    def url(self) -> str:
        """The API's endpoint."""
        return f"http://{self._host}:{self._port}{PATH}"

    @property
    def api_key(self) -> str:
        """The account's API key."""
        return self.cloud.world.api_key

    @property
    def secret_key(self) -> str:
        """The account's secret key."""
        return self.cloud.world.secret_key

    @property
    def control_socket(self) -> Path:
        """The control API's Unix socket."""
        return socket_of(self.cloud.folder)

    async def start(self) -> None:
        """Bring the cloud up and listen; account.json is written last."""
        await self.cloud.open()
        self.control_socket.unlink(missing_ok=True)
        control = await self._run(Control(self.cloud).application())
        await web.UnixSite(control, str(self.control_socket)).start()
        api = await self._run(Api(self.cloud).application())
        await web.TCPSite(api, self._host, self._port).start()
        self._port = api.addresses[0][1]
        self._write_account()

    async def stop(self) -> None:
        """Stop listening, end everything."""
        for runner in self._runners:
            await runner.cleanup()
        await self.cloud.close()
        self.control_socket.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def _run(self, application: web.Application) -> web.AppRunner:
        """A runner that is cleaned up at the end."""
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runners.append(runner)
        return runner

    def _write_account(self) -> None:
        """What a client needs to know, for scripts."""
        config = self.cloud.config
        account = {
            "url": self.url,
            "api_key": self.api_key,
            "secret_key": self.secret_key,
            "zone_id": self.cloud.zone_id,
            "domain_id": self.cloud.domain_id,
            "template_ids": {each.name: identity for identity, each in self.cloud.templates.items()},
            "service_offering_ids": {each.name: identity for identity, each in self.cloud.service_offerings.items()},
            "disk_offering_ids": {each.name: identity for identity, each in self.cloud.disk_offerings.items()},
            "network_ids": {each.name: identity for identity, each in self.cloud.networks.items()},
            "appliance_vm_ids": {each.name: each.id or fixed_id("instance", each.name) for each in config.appliance_vms},
        }
        path = self.cloud.folder / "account.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(account, indent=1))
