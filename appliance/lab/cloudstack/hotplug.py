"""Volumes as disks of the machine that the appliance's VM really is: plugged in and pulled out while it runs, by QEMU's protocol."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.lab.machines.blocks import Layer, nodes
from appliance.lab.machines.qmp import Qmp, QmpError

from .config import ApplianceVm
from .disks import Disks
from .plugging import DeviceFailed
from .records import serial_of

PULL_LIMIT = 120.0
"""Seconds that the guest has to let go of a disk."""
PERIPHERALS = "/machine/peripheral"
_OURS, _DISK = re.compile("v[0-9a-f]{20}"), re.compile("child<virtio-.*-pci>")


class MachineAway(DeviceFailed):
    """The machine is off: nobody answers at its socket."""


class HotPlug:
    """What is plugged in is asked of the machines each time: as in a real cloud they go on while nobody manages them."""

    def __init__(self, disks: Disks, vms: Sequence[ApplianceVm]) -> None:
        self._disks, self._vms = disks, tuple(vms)
        self._lock = asyncio.Lock()

    async def plug(self, volume_id: str, vm: ApplianceVm) -> None:
        """Give the machine a disk with the volume's serial, in the first free place."""
        name = name_of(volume_id)
        async with self._talking(vm) as qmp:
            taken = await plugged(qmp)
            if name in taken:
                return
            place = next((one for one in vm.places if one not in taken.values()), None)
            if place is None:
                raise DeviceFailed(f"the machine of {vm.name} has no place for another disk")
            await _insert(qmp, name, self._disks.volume(volume_id), serial_of(volume_id), place)

    async def unplug(self, volume_id: str) -> None:
        """Pull the disk when the guest has let go of it: then nothing of the machine holds the file any more."""
        name = name_of(volume_id)
        for vm in self._vms:
            try:
                async with self._talking(vm) as qmp:
                    await _pull(qmp, name)
            except MachineAway:
                continue  # what is off holds nothing

    async def grow(self, volume_id: str) -> None:
        """Let the guest see the new size."""
        name = name_of(volume_id)
        for vm in self._vms:
            async with self._talking(vm) as qmp:
                if name in await plugged(qmp):
                    size = self._disks.volume(volume_id).stat().st_size
                    await qmp.execute("block_resize", node_name=name, size=size)

    async def heal(self, wanted: set[str]) -> None:
        """Pull what was detached while the lab was away."""
        kept = {name_of(volume_id) for volume_id in wanted}
        for vm in self._vms:
            try:
                async with self._talking(vm) as qmp:
                    for name in (await plugged(qmp)).keys() - kept:
                        if _OURS.fullmatch(name):
                            await _pull(qmp, name)
            except MachineAway:
                continue

    async def close(self) -> None:
        """The machines keep what they have."""

    @asynccontextmanager
    async def _talking(self, vm: ApplianceVm) -> AsyncIterator[Qmp]:
        """A connection for one errand: the socket takes one at a time. Raises DeviceFailed."""
        async with self._lock:
            qmp = await _connected(vm)
            try:
                yield qmp
            except QmpError as error:
                raise DeviceFailed(f"the machine of {vm.name}: {error}") from error
            finally:
                await qmp.close()


def name_of(volume_id: str) -> str:
    """What the disk of a volume is called in the machine (pure)."""
    return f"v{serial_of(volume_id)}"


async def plugged(qmp: Qmp) -> dict[str, str]:
    """The places of what is plugged in, by name; also of what others have plugged in."""
    listed = await qmp.execute("qom-list", path=PERIPHERALS)
    assert isinstance(listed, list)
    names = [str(one["name"]) for one in listed if _DISK.fullmatch(one["type"])]
    buses = [await qmp.execute("qom-get", path=f"{PERIPHERALS}/{name}", property="parent_bus") for name in names]
    return {name: str(bus).rpartition("/")[2] for name, bus in zip(names, buses, strict=True)}


async def _insert(qmp: Qmp, name: str, path: Path, serial: str, place: str) -> None:
    await _close_file(qmp, name)
    for node in nodes([Layer(name, path)]):
        await qmp.execute("blockdev-add", **node)
    try:
        await qmp.execute("device_add", driver="virtio-blk-pci", id=name, drive=name, serial=serial, bus=place, addr="0")
    except QmpError:
        await _close_file(qmp, name)
        raise


async def _pull(qmp: Qmp, name: str) -> None:
    if name in await plugged(qmp):
        await _pull_disk(qmp, name)
    await _close_file(qmp, name)


async def _pull_disk(qmp: Qmp, name: str) -> None:
    with qmp.watch() as watch:
        await qmp.execute("device_del", id=name)
        try:
            async with asyncio.timeout(PULL_LIMIT):
                event = await watch.next("DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR", about=name)
        except TimeoutError as error:
            raise DeviceFailed(f"the guest has not let go of {name} within {PULL_LIMIT:.0f} s") from error
    if event.name != "DEVICE_DELETED":
        raise DeviceFailed(f"the guest does not let go of {name}")


async def _close_file(qmp: Qmp, name: str) -> None:
    """Also of a disk that the guest has let go of late, when nobody waited any more."""
    listed = await qmp.execute("query-named-block-nodes", flat=True)
    assert isinstance(listed, list)
    there = {one["node-name"] for one in listed}
    for node in reversed(nodes([Layer(name, Path(name))])):
        if node["node-name"] in there:
            await qmp.execute("blockdev-del", node_name=node["node-name"])


async def _connected(vm: ApplianceVm) -> Qmp:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, str(vm.control))
        return await Qmp.open(connection)
    except (OSError, QmpError) as error:
        connection.close()
        raise MachineAway(f"the machine of {vm.name} does not answer: {error}") from error
