"""The control API on the Unix socket: ordering faults, changing settings, reading consoles and state."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.lab.machines.qemu import QemuMachine
from appliance.lab.machines.serial import ConsoleClosed

from .cloud import Cloud
from .config import Settings
from .faults import Fault
from .records import Instance

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Keys(BaseModel):
    """Text to type on a VM's console."""

    model_config = ConfigDict(extra="forbid")
    text: str


class WaitFor(BaseModel):
    """A pattern to wait for on a VM's console, and how long (seconds)."""

    model_config = ConfigDict(extra="forbid")
    pattern: str
    timeout: float = 60.0


class Control:
    """Routes: see `application`. VMs are named by id or name."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def application(self) -> web.Application:
        """The HTTP application."""
        application = web.Application(middlewares=[_plain_errors])
        application.add_routes(
            [
                web.get("/state", self._state),
                web.get("/settings", self._settings),
                web.patch("/settings", self._change_settings),
                web.get("/faults", self._faults),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.delete("/faults/{id}", self._remove_fault),
                web.get("/requests", self._requests),
                web.post("/snapshots/{id}/lose", self._lose_snapshot),
                web.get("/instances/{id}/console", self._console),
                web.post("/instances/{id}/console/wait", self._wait_console),
                web.post("/instances/{id}/keys", self._keys),
            ]
        )
        return application

    async def _state(self, request: web.Request) -> web.StreamResponse:
        """All rows but the keys, with the file of each volume."""
        rows = self._cloud.world.model_dump(exclude={"api_key", "secret_key"})
        for identity, volume in rows["volumes"].items():
            volume["path"] = str(self._cloud.disks.volume(identity))
        return web.json_response(rows)

    async def _settings(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._cloud.settings.model_dump())

    async def _change_settings(self, request: web.Request) -> web.StreamResponse:
        """Merge the given fields into the settings."""
        changed = {**self._cloud.settings.model_dump(), **await request.json()}
        self._cloud.settings = Settings.model_validate(changed)
        return await self._settings(request)

    async def _faults(self, request: web.Request) -> web.StreamResponse:
        return web.json_response([fault.model_dump() for fault in self._cloud.faults.listed()])

    async def _add_fault(self, request: web.Request) -> web.StreamResponse:
        fault = self._cloud.faults.add(Fault.model_validate(await request.json()))
        return web.json_response(fault.model_dump(), status=201)

    async def _clear_faults(self, request: web.Request) -> web.StreamResponse:
        self._cloud.faults.clear()
        return web.json_response([])

    async def _remove_fault(self, request: web.Request) -> web.StreamResponse:
        if not self._cloud.faults.remove(request.match_info["id"]):
            raise web.HTTPNotFound(text="no such fault")
        return await self._faults(request)

    async def _requests(self, request: web.Request) -> web.StreamResponse:
        """The request log, of one command where it is named."""
        wanted = request.query.get("command", "").lower()
        return web.json_response([line for line in self._cloud.log.read() if wanted in ("", str(line["command"]).lower())])

    async def _lose_snapshot(self, request: web.Request) -> web.StreamResponse:
        """Let a snapshot's bytes vanish, and its row too unless `{"row": false}`."""
        identity = request.match_info["id"]
        if identity not in self._cloud.world.snapshots:
            raise web.HTTPNotFound(text="no such snapshot")
        body = await request.json() if request.can_read_body else {}
        self._cloud.disks.delete_snapshot(identity)
        if body.get("row", True):
            del self._cloud.world.snapshots[identity]
        self._cloud.save()
        return web.json_response({"lost": identity})

    async def _console(self, request: web.Request) -> web.StreamResponse:
        """What a VM printed on its serial console since it was last started."""
        machine = self._machine(request)
        return web.json_response({"running": machine.running, "text": machine.console.text})

    async def _wait_console(self, request: web.Request) -> web.StreamResponse:
        """Wait for a pattern; 408 when it does not come, 409 when the VM ends first."""
        wanted = WaitFor.model_validate(await request.json())
        machine = self._machine(request)
        try:
            text = await machine.console.read_until(wanted.pattern, wanted.timeout)
        except TimeoutError as error:
            raise web.HTTPRequestTimeout(text=str(error)) from error
        except ConsoleClosed as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.json_response({"text": text})

    async def _keys(self, request: web.Request) -> web.StreamResponse:
        """Type on a VM's console."""
        keys = Keys.model_validate(await request.json())
        try:
            await self._machine(request).console.send(keys.text)
        except ConsoleClosed as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.json_response({})

    def _machine(self, request: web.Request) -> QemuMachine:
        """The machine of the VM named in the path."""
        instance = self._instance(request.match_info["id"])
        machine = self._cloud.hypervisor.machine(instance.id)
        if machine is None:
            raise web.HTTPConflict(text="this VM was not started since the lab was")
        return machine

    def _instance(self, named: str) -> Instance:
        """A VM by id or name."""
        for instance in self._cloud.world.instances.values():
            if named in (instance.id, instance.name):
                return instance
        raise web.HTTPNotFound(text="no such VM")


@web.middleware
async def _plain_errors(request: web.Request, handler: Route) -> web.StreamResponse:
    """Errors as `{"error": text}`."""
    try:
        return await handler(request)
    except ValidationError as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPException as error:
        return web.json_response({"error": error.text}, status=error.status)


def socket_of(folder: Path) -> Path:
    """Where the control API of a lab in this folder listens."""
    return folder / "control.sock"
