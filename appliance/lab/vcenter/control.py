"""The control API of the lab's vCenter: JSON over HTTP on the Unix socket ``D/control.sock``. VMs are named by name.

| route | what it does |
|---|---|
| GET /state | address, certificate, sessions, VMs (power, tools, tracking, disks, snapshots), ordered failures, kinds of failure |
| GET /vms/{vm} | one VM of the above |
| GET /vms/{vm}/snapshots | its snapshots: reference, name, description, created, change ids by disk key |
| POST /vms/{vm}/snapshots | take one as an operator would: ``{"name", "days_old": 0}`` |
| DELETE /vms/{vm}/snapshots/{reference} | remove it |
| POST /vms/{vm}/power | ``{"state": "on" or "off" or "shutdown"}`` |
| POST /vms/{vm}/tools | ``{"running": true or false}`` |
| POST /vms/{vm}/tracking | change tracking without the API: ``{"enabled": true or false}``; takes effect as vSphere's does |
| POST /vms/{vm}/epoch | lose change tracking: ``{"disk": 2000}`` (device key; all disks without it) |
| POST /vms/{vm}/disks/{key} | change how a disk looks: ``{"mode", "raw_mapping", "sharing"}`` (independent, RDM, shared) |
| PUT /vms/{vm}/disks/{key}/data?offset=N | write the body's bytes as the guest (kind storage, or the VM is off) |
| POST /vms/{vm}/disks/{key}/zero | write zeros as the guest: ``{"offset", "length"}`` |
| GET /vms/{vm}/disks/{key}/data?offset=N&length=M | what the guest would read |
| GET /vms/{vm}/disks/{key}/changes?since=N&until=M | what was written between two `sequence`s of snapshots: ``{"bytes", "extents"}`` |
| POST /vms/{vm}/run | a root command in the guest: ``{"command", "timeout": 60, "logout": false}`` → ``{"output"}`` |
| GET /vms/{vm}/console | ``{"text"}`` of the serial console since the start |
| POST /vms/{vm}/console | type: ``{"text"}`` |
| POST /failures | order a failure: ``{"kind", "vm": "", "times": 1, "seconds": 0, "after_bytes": 0}`` (kinds: faults.KINDS) |
| DELETE /failures?kind= | forget those of a kind, or all |
| POST /sessions | ``{"idle_seconds", "limit"}``: change the limits |
| DELETE /sessions | end all sessions at once |
| POST /connections/cut | close every open HTTPS connection |

Errors are ``{"error": "text"}`` with 400, 404 or 409.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.lab.machines.engine import MachineOff
from appliance.lab.machines.qmp import QmpError
from appliance.lab.machines.serial import ConsoleClosed
from appliance.lab.machines.shell import CommandRefused, GuestShell
from appliance.lab.machines.source import GuestRunning, SnapshotsPresent
from appliance.lab.vcenter.faults import KINDS, Injected, Refused
from appliance.lab.vcenter.methods import Service
from appliance.lab.vcenter.records import DiskRecord, VmRecord
from appliance.lab.vcenter.server import Server

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_BODY_LIMIT = 256 << 20


class DiskLook(BaseModel):
    """How a disk is to look; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    mode: str | None = None
    raw_mapping: str | None = None
    sharing: str | None = None


class Control:
    """The routes, on the machines' loop."""

    def __init__(self, service: Service, server: Server, facts: dict[str, Any]) -> None:
        self._service, self._server, self._facts = service, server, facts
        self._shells: dict[tuple[str, int], GuestShell] = {}

    def application(self) -> web.Application:
        """The application to serve."""
        made = web.Application(client_max_size=_BODY_LIMIT, middlewares=[_errors])
        made.add_routes(
            [
                web.get("/state", self.state),
                web.get("/vms/{vm}", self.show),
                web.get("/vms/{vm}/snapshots", self.snapshots),
                web.post("/vms/{vm}/snapshots", self.take_snapshot),
                web.delete("/vms/{vm}/snapshots/{reference}", self.remove_snapshot),
                web.post("/vms/{vm}/power", self.power),
                web.post("/vms/{vm}/tools", self.tools),
                web.post("/vms/{vm}/tracking", self.tracking),
                web.post("/vms/{vm}/epoch", self.epoch),
                web.post("/vms/{vm}/disks/{key}", self.look),
                web.put("/vms/{vm}/disks/{key}/data", self.write),
                web.get("/vms/{vm}/disks/{key}/data", self.read),
                web.post("/vms/{vm}/disks/{key}/zero", self.zero),
                web.get("/vms/{vm}/disks/{key}/changes", self.changes),
                web.post("/vms/{vm}/run", self.run),
                web.get("/vms/{vm}/console", self.console),
                web.post("/vms/{vm}/console", self.type),
                web.post("/failures", self.order),
                web.delete("/failures", self.clear),
                web.post("/sessions", self.limits),
                web.delete("/sessions", self.end_sessions),
                web.post("/connections/cut", self.cut),
            ]
        )
        return made

    def _vm(self, request: web.Request) -> VmRecord:
        vm = self._service.estate.named(request.match_info["vm"])
        if vm is None:
            raise LookupError(f"there is no VM {request.match_info['vm']}")
        return vm

    def _disk(self, request: web.Request) -> tuple[VmRecord, DiskRecord]:
        vm = self._vm(request)
        disk = vm.disk(int(request.match_info["key"]))
        if disk is None:
            raise LookupError(f"{vm.name} has no disk {request.match_info['key']}")
        return vm, disk

    def _machine(self, vm: VmRecord) -> Any:
        machine = self._service.estate.machines.get(vm.moid)
        if machine is None:
            raise LookupError(f"{vm.name} has no machine behind it")
        return machine

    def _shown(self, vm: VmRecord) -> dict[str, Any]:
        estate = self._service.estate
        shown = vm.model_dump(mode="json")
        for disk, record in zip(shown["disks"], vm.disks, strict=True):
            disk["path"] = str(estate.path(vm, record))
        return shown

    async def state(self, _request: web.Request) -> web.Response:
        """Everything at a glance; synthetic VMs only as a number."""
        estate = self._service.estate
        sessions = [{"user": s.user, "address": s.address, "agent": s.agent, "calls": s.calls} for s in self._service.sessions.live()]
        vms = {vm.name: self._shown(vm) for vm in estate.vms if vm.kind != "synthetic"}
        failures = [asdict(one) for one in estate.failures.listed()]
        return web.json_response(
            self._facts | {"sessions": sessions, "vms": vms, "synthetic": len(estate.vms) - len(vms), "failures": failures, "kinds": KINDS}
        )

    async def show(self, request: web.Request) -> web.Response:
        """One VM."""
        return web.json_response(self._shown(self._vm(request)))

    async def snapshots(self, request: web.Request) -> web.Response:
        """The snapshots of a VM."""
        return web.json_response([one.model_dump(mode="json") for one in self._vm(request).snapshots])

    async def take_snapshot(self, request: web.Request) -> web.Response:
        """A snapshot that somebody else took, perhaps long ago."""
        vm, body = self._vm(request), await request.json()
        ref = await self._service.operations.take_snapshot(vm, str(body["name"]), "", False, False)
        with self._service.estate.changing(vm):
            vm.snapshots[-1].created -= timedelta(days=float(body.get("days_old", 0)))
        return web.json_response({"snapshot": ref._moId})

    async def remove_snapshot(self, request: web.Request) -> web.Response:
        """Remove a snapshot."""
        vm = self._vm(request)
        await self._service.operations.remove_snapshot(vm, request.match_info["reference"], False, lambda _: None)
        return web.json_response({})

    async def power(self, request: web.Request) -> web.Response:
        """Switch on or off, or shut the guest down."""
        vm, operations = self._vm(request), self._service.operations
        verbs = {"on": operations.power_on, "off": operations.power_off, "shutdown": operations.shutdown_guest}
        await verbs[(await request.json())["state"]](vm)
        return web.json_response({"powered_on": vm.powered_on})

    async def tools(self, request: web.Request) -> web.Response:
        """Whether VMware Tools run."""
        vm, running = self._vm(request), bool((await request.json())["running"])
        with self._service.estate.changing(vm):
            vm.tools = running
        return web.json_response({"tools": vm.tools})

    async def tracking(self, request: web.Request) -> web.Response:
        """Ask for change tracking, or for its end."""
        vm = self._vm(request)
        await self._service.operations.track(vm, bool((await request.json())["enabled"]))
        return web.json_response({"tracking": vm.tracking, "active": vm.tracking_active})

    async def epoch(self, request: web.Request) -> web.Response:
        """Lose what was tracked."""
        vm, body = self._vm(request), await request.json()
        for key in [int(body["disk"])] if "disk" in body else [disk.key for disk in vm.disks]:
            await self._service.operations.reset_epoch(vm, key)
        return web.json_response({})

    async def look(self, request: web.Request) -> web.Response:
        """Make a disk look independent, mapped or shared."""
        vm, disk = self._disk(request)
        look = DiskLook.model_validate_json(await request.read())
        with self._service.estate.changing(vm):
            for name, value in look.model_dump(exclude_none=True).items():
                setattr(disk, name, value)
        return web.json_response(disk.model_dump(mode="json"))

    async def write(self, request: web.Request) -> web.Response:
        """Write as the guest."""
        vm, disk = self._disk(request)
        await self._machine(vm).write(disk.key, int(request.query["offset"]), await request.read())
        return web.json_response({})

    async def zero(self, request: web.Request) -> web.Response:
        """Write zeros as the guest."""
        vm, disk = self._disk(request)
        body = await request.json()
        await self._machine(vm).zero(disk.key, int(body["offset"]), int(body["length"]))
        return web.json_response({})

    async def read(self, request: web.Request) -> web.Response:
        """Read as the guest."""
        vm, disk = self._disk(request)
        data = await self._machine(vm).read(disk.key, int(request.query["offset"]), int(request.query["length"]))
        return web.Response(body=data, content_type="application/octet-stream")

    async def changes(self, request: web.Request) -> web.Response:
        """The blocks of a disk that were written to, by its own record."""
        vm, disk = self._disk(request)
        extents = await self._machine(vm).changed(disk.key, int(request.query["since"]), int(request.query["until"]))
        return web.json_response({"bytes": sum(length for _, length in extents), "extents": extents})

    async def run(self, request: web.Request) -> web.Response:
        """Run a command on the guest's console; the shell stays logged in unless told otherwise."""
        vm, body = self._vm(request), await request.json()
        login = (vm.moid, self._service.operations.boots[vm.moid])
        shell = self._shells.get(login)
        if shell is None:
            shell = GuestShell(self._machine(vm).console)
            await shell.login(float(body.get("login_timeout", 300)))
            self._shells[login] = shell
        output = await shell.run(str(body["command"]), float(body.get("timeout", 60)))
        if body.get("logout"):
            await shell.logout()
            del self._shells[login]
        return web.json_response({"output": output})

    async def console(self, request: web.Request) -> web.Response:
        """What the guest printed."""
        return web.json_response({"text": self._machine(self._vm(request)).console.text})

    async def type(self, request: web.Request) -> web.Response:
        """Type on the console."""
        await self._machine(self._vm(request)).console.send(str((await request.json())["text"]))
        return web.json_response({})

    async def order(self, request: web.Request) -> web.Response:
        """Let something fail."""
        self._service.estate.failures.order(Injected(**await request.json()))
        return web.json_response({})

    async def clear(self, request: web.Request) -> web.Response:
        """Forget ordered failures."""
        self._service.estate.failures.clear(request.query.get("kind", ""))
        return web.json_response({})

    async def limits(self, request: web.Request) -> web.Response:
        """Change the idle limit or the number of sessions."""
        body, sessions = await request.json(), self._service.sessions
        sessions.idle_seconds = float(body.get("idle_seconds", sessions.idle_seconds))
        sessions.limit = int(body.get("limit", sessions.limit))
        return web.json_response({"idle_seconds": sessions.idle_seconds, "limit": sessions.limit})

    async def end_sessions(self, _request: web.Request) -> web.Response:
        """End every session."""
        return web.json_response({"ended": self._service.sessions.end_all()})

    async def cut(self, _request: web.Request) -> web.Response:
        """Cut every connection."""
        self._server.cut_all()
        return web.json_response({})


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LookupError as missing:
        return web.json_response({"error": str(missing)}, status=404)
    except (ValueError, TypeError, ValidationError) as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
    except Refused as refused:
        return web.json_response({"error": refused.fault.msg}, status=409)
    except (MachineOff, QmpError, GuestRunning, SnapshotsPresent, CommandRefused, ConsoleClosed, TimeoutError, OSError) as failed:
        return web.json_response({"error": f"{type(failed).__name__}: {failed}"}, status=409)
