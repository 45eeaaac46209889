"""What is done to virtual machines: power, reconfiguration, snapshots. Every method runs on the machines' loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyVmomi import vim, vmodl

from appliance.lab.machines.source import ChangePoint, SourceMachine
from appliance.lab.vcenter.estate import Estate, change_id
from appliance.lab.vcenter.faults import Refused, gone, invalid_argument, power_state
from appliance.lab.vcenter.machine_view import OFF, ON
from appliance.lab.vcenter.records import FrozenDisk, SnapshotRecord, VmRecord

Progress = Callable[[int], None]
_WATCH_SECONDS = 0.25
_PROMPT = "login:"


class Operations:
    """The verbs of virtual machines, with vSphere's refusals."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._watchers: set[asyncio.Task[None]] = set()
        self.boots: Counter[str] = Counter()

    async def power_on(self, vm: VmRecord) -> None:
        """Switch on; tracking that was asked for takes effect."""
        if vm.powered_on:
            raise power_state(ON, ON)
        await self.boot(vm)

    async def boot(self, vm: VmRecord) -> None:
        """Start the machine of a VM, whatever the records say."""
        await self.settle(vm)
        machine = self._machine(vm)
        if machine is not None:
            await machine.start()
            self.boots[vm.moid] += 1
            self._watch(vm, machine)
        with self._estate.changing(vm):
            vm.powered_on, vm.tools = True, vm.kind != "guest"

    async def power_off(self, vm: VmRecord) -> None:
        """Switch off at once."""
        if not vm.powered_on:
            raise power_state(OFF, OFF)
        machine = self._machine(vm)
        if machine is not None:
            await machine.stop()
        self._off(vm)

    async def shutdown_guest(self, vm: VmRecord) -> None:
        """Ask the guest to shut down; it goes off later, by itself."""
        if not vm.powered_on:
            raise power_state(OFF, ON)
        if not vm.tools:
            text = "Cannot complete operation because VMware Tools is not running in this virtual machine."
            raise Refused(vim.fault.ToolsUnavailable(msg=text))
        machine = self._machine(vm)
        if machine is not None:
            await machine.shutdown_guest()
        else:
            self._off(vm)

    async def take_snapshot(self, vm: VmRecord, name: str, description: str, memory: bool, quiesce: bool) -> Any:
        """Freeze every disk that is not independent; answers the snapshot's reference."""
        if self._estate.failures.take("snapshot_fails", vm.name):
            raise _config_fault("An error occurred while taking a snapshot: Failed to quiesce the virtual machine.")
        if any(disk.raw_mapping == "physicalMode" or disk.sharing != "sharingNone" for disk in vm.disks):
            raise _config_fault("Cannot take a snapshot of a virtual machine with a physical-mode raw device mapping or a shared disk.")
        if not self._estate.plan.strict_tracking:
            await self.settle(vm)
        moid = self._estate.ledger.reference("snapshot")
        machine = self._machine(vm)
        points = (await machine.take_snapshot(moid)).points if machine is not None else {}
        depth = len(vm.snapshots)
        record = SnapshotRecord(
            moid=moid,
            number=int(moid.split("-")[1]),
            name=name,
            description=description,
            created=datetime.now(UTC),
            powered_on=memory and vm.powered_on,
            quiesced=quiesce and vm.tools,
            parent=vm.current_snapshot,
            frozen={d.key: _frozen(vm.files(d)[depth], d.capacity, points.get(d.key)) for d in vm.disks if d.mode == "persistent"},
        )
        with self._estate.changing(vm):
            vm.snapshots.append(record)
            vm.current_snapshot = moid
        return vim.vm.Snapshot(moid)

    async def remove_snapshot(self, vm: VmRecord, moid: str, children: bool, progress: Progress) -> None:
        """Merge a snapshot (and those on top of it) away."""
        if self._estate.failures.take("remove_fails", vm.name):
            raise _config_fault("Unable to access file since it is locked")
        record = vm.snapshot(moid)
        if record is None:
            raise gone(vim.vm.Snapshot(moid))
        if children:
            for child in [one.moid for one in vm.snapshots if one.parent == moid]:
                await self.remove_snapshot(vm, child, True, progress)
        progress(30)
        machine = self._machine(vm)
        if machine is not None:
            await machine.remove_snapshot(moid)
        progress(90)
        with self._estate.changing(vm):
            _forget(vm, record)
        await self.settle(vm)

    async def remove_all(self, vm: VmRecord, progress: Progress) -> None:
        """Merge every snapshot away, the newest first."""
        for record in list(reversed(vm.snapshots)):
            await self.remove_snapshot(vm, record.moid, False, progress)

    async def reconfigure(self, vm: VmRecord, spec: Any) -> None:
        """Change what a ConfigSpec names; what the lab does not know is refused with NotSupported."""
        for change in spec.deviceChange:
            if change.operation != "edit":
                raise Refused(vmodl.fault.NotSupported(msg="The lab edits devices, it neither adds nor removes any."))
            await self._edit(vm, change.device)
        if spec.changeTrackingEnabled and int(vm.hardware.removeprefix("vmx-")) < 7:
            raise Refused(vmodl.fault.NotSupported(msg="Changed block tracking is not supported by the virtual hardware version."))
        with self._estate.changing(vm):
            _apply(vm, spec)
        if not vm.powered_on or spec.changeTrackingEnabled is False:
            await self.settle(vm)

    async def track(self, vm: VmRecord, enabled: bool) -> None:
        """Ask for change tracking or its end, as ReconfigVM does."""
        await self.reconfigure(vm, vim.vm.ConfigSpec(changeTrackingEnabled=enabled))

    async def reset_epoch(self, vm: VmRecord, key: int) -> None:
        """Lose the tracking of a disk, as a crash of a host does."""
        machine = self._machine(vm)
        if machine is not None:
            await machine.new_epoch(key)

    async def _edit(self, vm: VmRecord, device: Any) -> None:
        nic = next((one for one in vm.nics if one.key == device.key), None)
        disk = vm.disk(device.key)
        if nic is not None and device.connectable is not None:
            with self._estate.changing(vm):
                nic.start_connected, nic.connected = device.connectable.startConnected, device.connectable.connected
        elif disk is not None:
            await self._grow(vm, device)
        else:
            raise Refused(vim.fault.InvalidDeviceSpec(msg="Invalid configuration for device '0'.", deviceIndex=0))

    async def _grow(self, vm: VmRecord, device: Any) -> None:
        disk = vm.disk(device.key)
        capacity = int(device.capacityInBytes or device.capacityInKB * 1024)
        if disk is None or capacity < disk.capacity:
            raise invalid_argument("spec.deviceChange[0].device.capacityInKB")
        if capacity == disk.capacity:
            return
        if vm.snapshots:
            raise Refused(vim.fault.InvalidDeviceOperation(msg="Invalid operation for device '0'.", deviceIndex=0))
        machine = self._machine(vm)
        if machine is not None:
            await machine.grow(disk.key, capacity)
        with self._estate.changing(vm):
            disk.capacity = capacity

    async def settle(self, vm: VmRecord) -> None:
        """Make tracking what was asked for; with snapshots it has to wait."""
        machine = self._machine(vm)
        if vm.snapshots or vm.tracking == vm.tracking_active:
            return
        if machine is not None:
            await (machine.enable_tracking() if vm.tracking else machine.disable_tracking())
        with self._estate.changing(vm):
            vm.tracking_active = vm.tracking

    def _machine(self, vm: VmRecord) -> SourceMachine | None:
        return self._estate.machines.get(vm.moid)

    def _off(self, vm: VmRecord) -> None:
        with self._estate.changing(vm):
            vm.powered_on = vm.tools = False

    def _watch(self, vm: VmRecord, machine: SourceMachine) -> None:
        watcher = asyncio.get_running_loop().create_task(self._follow(vm, machine))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    async def _follow(self, vm: VmRecord, machine: SourceMachine) -> None:
        """A guest that shuts itself down is off; one that shows its login prompt runs its tools."""
        await asyncio.sleep(_WATCH_SECONDS)
        while machine.running:
            if vm.kind == "guest" and not vm.tools and _PROMPT in machine.console.text:
                with self._estate.changing(vm):
                    vm.tools = True
            await asyncio.sleep(_WATCH_SECONDS)
        if vm.powered_on:
            self._off(vm)

    async def leave(self) -> None:
        """Stop every machine for the end of the lab; the records keep what was on."""
        for watcher in list(self._watchers):
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for machine in self._estate.machines.values():
            if machine.running:
                await machine.stop()


def _frozen(file: str, capacity: int, point: ChangePoint | None) -> FrozenDisk:
    if point is None:
        return FrozenDisk(file=file, capacity=capacity)
    return FrozenDisk(file=file, capacity=capacity, change_id=change_id(str(point.epoch), point.sequence), sequence=point.sequence)


def _forget(vm: VmRecord, record: SnapshotRecord) -> None:
    """Take a snapshot out of the tree; the files of those above it move down by one."""
    for child in vm.snapshots:
        if child.parent == record.moid:
            child.parent = record.parent
    if vm.current_snapshot == record.moid:
        vm.current_snapshot = record.parent
    vm.snapshots.remove(record)
    for depth, one in enumerate(vm.snapshots):
        for key, frozen in one.frozen.items():
            disk = vm.disk(key)
            if disk is not None:
                frozen.file = vm.files(disk)[depth]


def _apply(vm: VmRecord, spec: Any) -> None:
    if spec.changeTrackingEnabled is not None:
        vm.tracking = spec.changeTrackingEnabled
    if spec.annotation is not None:
        vm.annotation = spec.annotation
    if (spec.numCPUs or spec.memoryMB) and vm.powered_on:
        raise power_state(ON)
    vm.cpus, vm.memory_mb = spec.numCPUs or vm.cpus, spec.memoryMB or vm.memory_mb
    for option in spec.extraConfig:
        vm.extra[option.key] = str(option.value)
        if not option.value:
            del vm.extra[option.key]


def _config_fault(text: str) -> Refused:
    return Refused(vim.fault.GenericVmConfigFault(msg=text, reason=text))
