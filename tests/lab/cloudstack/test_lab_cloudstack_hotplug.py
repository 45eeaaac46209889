"""Volumes of the appliance's VM as disks of a QEMU machine: plugged in and pulled out over its protocol."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.lab.cloudstack.config import ApplianceVm
from appliance.lab.cloudstack.disks import Disks
from appliance.lab.cloudstack.hotplug import HotPlug, MachineAway, name_of, plugged
from appliance.lab.cloudstack.plugging import DeviceFailed
from appliance.lab.cloudstack.records import new_id, serial_of
from appliance.lab.machines.qemu import QemuMachine

MIB = 1024**2
PLACES = ["place0", "place1"]
CONTROL = "control.sock"

pytestmark = pytest.mark.lab


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[QemuMachine]:
    """No guest runs in it. Its slots ask nobody before they let go, for their power was never switched on."""
    slots = [
        word for number, place in enumerate(PLACES) for word in ("-device", f"pcie-root-port,id={place},chassis={number},slot={number}")
    ]
    asking = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
    made = QemuMachine(tmp_path / "machine", [], memory_mib=64, options=[*slots, *asking, "-qmp", f"unix:{CONTROL},server=on,wait=off"])
    await made.start()
    yield made
    await made.kill()


@pytest.fixture
def vm(tmp_path: Path) -> ApplianceVm:
    return ApplianceVm(name="oma", control=tmp_path / "machine" / CONTROL, places=PLACES)


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    return Disks(tmp_path)


def volume(disks: Disks) -> str:
    """A placed volume."""
    identity = new_id()
    disks.place(identity, 2 * MIB)
    return identity


async def files(machine: QemuMachine) -> set[str]:
    """What the machine holds open."""
    return {str(node["file"]) for node in await machine.qmp.execute("query-named-block-nodes")}  # type: ignore[attr-defined]


async def test_a_plugged_disk_has_the_serial_and_the_bytes_of_its_volume(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    one = volume(disks)
    await HotPlug(disks, [vm]).plug(one, vm)
    path = f"/machine/peripheral/{name_of(one)}"
    assert await machine.qmp.execute("qom-get", path=path, property="serial") == serial_of(one)
    assert str(disks.volume(one)) in await files(machine)


async def test_a_pulled_disk_no_longer_holds_the_file(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    one, hotplug = volume(disks), HotPlug(disks, [vm])
    await hotplug.plug(one, vm)
    await hotplug.unplug(one)
    assert await plugged(machine.qmp) == {}
    assert await files(machine) == set()
    await hotplug.unplug(one)


async def test_each_disk_has_a_place_and_there_are_no_more_than_places(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    hotplug, (first, second, third) = HotPlug(disks, [vm]), (volume(disks) for _ in range(3))
    await hotplug.plug(first, vm)
    await hotplug.plug(second, vm)
    assert await plugged(machine.qmp) == {name_of(first): "place0", name_of(second): "place1"}
    with pytest.raises(DeviceFailed, match="no place"):
        await hotplug.plug(third, vm)
    await hotplug.unplug(first)
    await hotplug.plug(third, vm)
    assert await plugged(machine.qmp) == {name_of(third): "place0", name_of(second): "place1"}


async def test_a_lab_that_was_away_finds_what_is_plugged_in(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    kept, gone = volume(disks), volume(disks)
    for one in (kept, gone):
        await HotPlug(disks, [vm]).plug(one, vm)
    later = HotPlug(disks, [vm])
    await later.heal({kept})
    await later.plug(kept, vm)
    assert list(await plugged(machine.qmp)) == [name_of(kept)]


async def test_a_grown_volume_is_a_grown_disk(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    one, hotplug = volume(disks), HotPlug(disks, [vm])
    await hotplug.plug(one, vm)
    disks.place(one, 3 * MIB)
    await hotplug.grow(one)
    nodes = await machine.qmp.execute("query-named-block-nodes")
    assert [node["image"]["virtual-size"] for node in nodes if node["node-name"] == name_of(one)] == [3 * MIB]  # type: ignore[attr-defined]


async def test_what_the_guest_let_go_of_late_can_be_plugged_in_again(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    one, hotplug = volume(disks), HotPlug(disks, [vm])
    await hotplug.plug(one, vm)
    with machine.qmp.watch() as watch:
        await machine.qmp.execute("device_del", id=name_of(one))
        await watch.next("DEVICE_DELETED", about=name_of(one))
    await hotplug.plug(one, vm)
    assert name_of(one) in await plugged(machine.qmp)


async def test_a_file_that_cannot_be_opened_leaves_nothing(machine: QemuMachine, vm: ApplianceVm, disks: Disks) -> None:
    with pytest.raises(DeviceFailed, match="No such file"):
        await HotPlug(disks, [vm]).plug(new_id(), vm)
    assert await plugged(machine.qmp) == {}


async def test_a_machine_that_is_off_holds_nothing(vm: ApplianceVm, disks: Disks) -> None:
    hotplug = HotPlug(disks, [vm])
    with pytest.raises(MachineAway):
        await hotplug.plug(volume(disks), vm)
    await hotplug.unplug(volume(disks))
    await hotplug.heal(set())
