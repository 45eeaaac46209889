"""Machines in CloudStack: made stopped, found again by the job that made them, started, stopped, destroyed."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from appliance.cloudstack._client import ComputeCalls
from appliance.cloudstack.answers import Row, flag, rows, text
from appliance.cloudstack.faults import JOB_FAILED, NOT_THERE, REFUSED, VM_STUCK
from appliance.cloudstack.tracking import Purpose
from appliance.contract.errors import Fault

_GONE = ("Destroyed", "Expunging", "Expunged")
_LONGEST_HOST_NAME = 63
_MARKED = re.compile(r"\((job-[0-9A-Za-z-]+)\)$")


@dataclass(frozen=True)
class Machine:
    """A machine as CloudStack shows it; `state` is CloudStack's word (`Running`, `Stopped`, …)."""

    id: str
    name: str
    display_name: str
    state: str
    macs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class MachineOrder:
    """What to make. Firmware is `bios`, `uefi` or `uefi-secure`; bus and NIC model are CloudStack's details; memory in MiB."""

    job_id: str
    name: str
    zone_id: str
    template_id: str
    service_offering_id: str
    network_ids: tuple[str, ...]
    firmware: str = "bios"
    disk_bus: str = ""
    nic_model: str = ""
    cpus: int = 0
    memory_mib: int = 0
    details: dict[str, str] = field(default_factory=dict)


def job_mark(job_id: str) -> str:
    """The job's id as it may stand in a host name."""
    return re.sub(r"[^a-z0-9]+", "-", job_id.lower()).strip("-")


def host_name(name: str, job_id: str) -> str:
    """A host name for the new machine; it ends in the job's id, by which the machine is found again."""
    mark = job_mark(job_id)
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "vm"
    stem = stem if stem[0].isalpha() else f"vm-{stem}"
    return f"{stem[: _LONGEST_HOST_NAME - len(mark) - 1].rstrip('-')}-{mark}"


def order_params(order: MachineOrder, *, custom: bool) -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    """The parameters of deployVirtualMachine; `custom` when the offering lets the size be chosen."""
    details = dict(order.details)
    if order.disk_bus:
        details["rootDiskController"] = order.disk_bus
    if order.nic_model:
        details["nicAdapter"] = order.nic_model
    if custom and order.cpus and order.memory_mib:
        details |= {"cpuNumber": str(order.cpus), "memory": str(order.memory_mib)}
    params: dict[str, str | bool | list[str] | list[dict[str, str]]] = {
        "name": host_name(order.name, order.job_id),
        "displayname": f"{order.name} ({order.job_id})",
        "zoneid": order.zone_id,
        "templateid": order.template_id,
        "serviceofferingid": order.service_offering_id,
        "networkids": list(order.network_ids),
        "startvm": False,
    }
    if order.firmware != "bios":
        params |= {"boottype": "UEFI", "bootmode": "SECURE" if order.firmware == "uefi-secure" else "LEGACY"}
    if details:
        params["details"] = [details]
    return params


class Instances:
    """The machines of one CloudStack."""

    def __init__(self, calls: ComputeCalls) -> None:
        self._calls = calls

    async def get(self, vm_id: str) -> Machine | None:
        """The machine as it is now; None when it is gone."""
        found = await self._calls.list("listVirtualMachines", id=vm_id, listall=True)
        machines = [_machine(row) for row in found]
        return next((one for one in machines if one.state not in _GONE), None)

    async def of_job(self, job_id: str) -> Machine | None:
        """The machine a job made, also when its id was never recorded; None when there is none."""
        found = await self._calls.list("listVirtualMachines", keyword=job_mark(job_id), listall=True)
        machines = [_machine(row) for row in found]
        mine = [one for one in machines if one.name.endswith(f"-{job_mark(job_id)}") and one.state not in _GONE]
        return mine[0] if mine else None

    async def of_jobs(self) -> list[tuple[Machine, str]]:
        """Every machine that carries a job's mark in both its names, with that job's id."""
        machines = [_machine(row) for row in await self._calls.list("listVirtualMachines", listall=True)]
        marked = [(one, found[1]) for one in machines if (found := _MARKED.search(one.display_name)) and one.state not in _GONE]
        return [(one, job_id) for one, job_id in marked if one.name.endswith(f"-{job_mark(job_id)}")]

    async def deploy(self, order: MachineOrder) -> str:
        """Make the machine, stopped, unless this job has made it already, or CloudStack is at it; returns its id."""
        await self._calls.settle("deployVirtualMachine", order.job_id)
        made = await self.of_job(order.job_id)
        if made is None:
            offerings = await self._calls.list("listServiceOfferings", id=order.service_offering_id)
            params = order_params(order, custom=any(flag(row, "iscustomized") for row in offerings))
            answer = await self._calls.run("deployVirtualMachine", Purpose("deploy", parent_job_id=order.job_id), **params)
            made = await self.of_job(order.job_id)
            if made is None:
                raise NOT_THERE(cause=f"deployVirtualMachine answered {text(answer, 'id')}, which is not listed")
        machine = await self._settled(made.id)
        if machine.state != "Stopped":
            raise VM_STUCK(name=order.name, state=machine.state)
        return machine.id

    async def start(self, vm_id: str, job_id: str = "") -> None:
        """Start it, unless it runs."""
        machine = await self._settled(vm_id)
        if machine.state == "Running":
            return
        try:
            await self._calls.run("startVirtualMachine", Purpose("start", parent_job_id=job_id), id=vm_id)
        except Fault:
            # An earlier order, cut off by a crash, may have been under way: what is so decides.
            if (await self._settled(vm_id)).state != "Running":
                raise
        await self._expect(vm_id, "Running")

    async def stop(self, vm_id: str, job_id: str = "", graceful_s: float = 120.0) -> None:
        """Shut it down; after `graceful_s` seconds, or when it refuses, force it. Returns when it is verifiably stopped."""
        machine = await self._settled(vm_id) if graceful_s else await self._existing(vm_id)
        if machine.state == "Stopped":
            return
        if graceful_s and await self._shut_down(vm_id, job_id, graceful_s):
            return
        await self._calls.run("stopVirtualMachine", Purpose("force off", parent_job_id=job_id), id=vm_id, forced=True)
        await self._expect(vm_id, "Stopped")

    async def destroy(self, vm_id: str, job_id: str = "") -> None:
        """Destroy and expunge it, unless it is gone. Its root volume goes with it: detach what is to be kept before."""
        if await self.get(vm_id) is None:
            return
        purpose = Purpose("destroy", parent_job_id=job_id)
        try:
            await self._calls.run("destroyVirtualMachine", purpose, id=vm_id, expunge=True)
        except Fault as error:
            if await self.get(vm_id) is None:
                return
            if "expunge" not in error.cause.lower():
                raise
            # Users without that right may only destroy; CloudStack expunges by itself later.
            await self._calls.run("destroyVirtualMachine", purpose, id=vm_id)
        left = await self.get(vm_id)
        if left is not None:
            raise VM_STUCK(name=left.name, state=left.state)

    async def _shut_down(self, vm_id: str, job_id: str, limit_s: float) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                await self._calls.run("stopVirtualMachine", Purpose("shut down", parent_job_id=job_id), id=vm_id, forced=False)
        except TimeoutError:
            return False
        except Fault as error:
            if error.spec not in (JOB_FAILED, REFUSED):
                raise
            return False
        return (await self._existing(vm_id)).state == "Stopped"

    async def _existing(self, vm_id: str) -> Machine:
        machine = await self.get(vm_id)
        if machine is None:
            raise NOT_THERE(cause=f"machine {vm_id}")
        return machine

    async def _settled(self, vm_id: str) -> Machine:
        """The machine once it is no longer between two states; asks until it is."""
        wait = 0.2
        while True:
            machine = await self._existing(vm_id)
            if machine.state not in ("Starting", "Stopping", "Migrating"):
                return machine
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)

    async def _expect(self, vm_id: str, state: str) -> None:
        machine = await self._settled(vm_id)
        if machine.state != state:
            raise VM_STUCK(name=machine.name, state=machine.state)


def _machine(row: Row) -> Machine:
    nics = rows(row, "nic")
    return Machine(
        text(row, "id"),
        text(row, "name"),
        text(row, "displayname"),
        text(row, "state"),
        tuple(text(nic, "macaddress") for nic in nics),
        tuple(text(nic, "ipaddress") for nic in nics if text(nic, "ipaddress")),
    )
