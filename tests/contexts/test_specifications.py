"""What changed of a VM between two looks, in sentences."""

from typing import Any

import pytest

from appliance.contexts import VmContext
from appliance.contexts.specifications import changes, in_words, renew, stored
from appliance.contract.inventory import Disk, Nic, Vm

GIB = 1 << 30
DISK = Disk(
    disk_id="disk-2000", key=2000, label="Hard disk 1", capacity_bytes=10 * GIB, vmdk_path="[ds1] web/web.vmdk", datastore="ds1",
    provisioning="thin", mode="persistent", unit_number=0, controller="pvscsi",
)  # fmt: skip
NIC = Nic(label="Network adapter 1", mac="00:50:56:00:00:01", network="VM Network", model="vmxnet3")
VM = Vm(
    moref="vm-1", name="web", path="/DC0/vm/web", datacenter="/DC0", uuid="u", cpus=2, memory_mib=2048, guest_id="debian12_64Guest",
    guest_name="Debian 12", firmware="bios", secure_boot=False, power_state="poweredOn", tracking=True, disks=[DISK], nics=[NIC],
    snapshots=[], blockers=[],
)  # fmt: skip


def vm(**changed: Any) -> Vm:
    return VM.model_copy(update=changed)


def disk(**changed: Any) -> Disk:
    return DISK.model_copy(update=changed)


def nic(**changed: Any) -> Nic:
    return NIC.model_copy(update=changed)


SECOND = {"disk_id": "disk-2001", "label": "Hard disk 2"}


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (vm(), []),
        (vm(cpus=4), ["CPUs: 2 became 4."]),
        (vm(memory_mib=4096), ["Memory: 2 GiB became 4 GiB."]),
        (vm(memory_mib=2560), ["Memory: 2 GiB became 2.5 GiB."]),
        (vm(firmware="efi", secure_boot=True), ["Firmware: BIOS became UEFI with secure boot."]),
        (vm(guest_name="Debian 13"), ["Guest system: Debian 12 became Debian 13."]),
        (vm(name="web-old", path="/DC0/vm/Old/web-old"), ["Name: web became web-old.", "Place: /DC0/vm became /DC0/vm/Old."]),
        (vm(disks=[disk(capacity_bytes=20 * GIB)]), ["Hard disk 1 has 20 GiB; before: 10 GiB."]),
        (vm(disks=[DISK, disk(**SECOND)]), ["Hard disk 2 (10 GiB) is new."]),
        (vm(disks=[disk(**SECOND)]), ["Hard disk 1 is gone.", "Hard disk 2 (10 GiB) is new."]),
        (vm(disks=[disk(datastore="ds2", mode="independent_persistent")]),
         ["Hard disk 1 is on the datastore ds2; before: ds1.", "Hard disk 1 is in the mode independent_persistent; before: persistent."]),
        (vm(nics=[nic(network="Isolated")]), ["Network adapter 1 is on the network Isolated; before: VM Network."]),
        (vm(nics=[nic(start_connected=False)]), ["Network adapter 1 connects at power-on: no; before: yes."]),
        (vm(nics=[]), ["Network adapter 1 is gone."]),
        (vm(nics=[NIC, nic(mac="00:50:56:00:00:02", label="Network adapter 2", network="")]),
         ["Network adapter 2 on the network none is new."]),
        (vm(power_state="poweredOff", snapshots=["s"], nics=[nic(addresses=["192.0.2.7"])]), []),
        (vm(disks=[disk(vmdk_path="[ds1] web/web-000001.vmdk")]), []),
    ],
)  # fmt: skip
def test_each_change_is_a_sentence(after: Vm, sentences: list[str]) -> None:
    assert changes(VM, after) == sentences


def context(specification: dict[str, Any]) -> VmContext:
    return VmContext(context_id="ctx-1", vm_name="web", vm_path="/DC0/vm/web", datacenter="/DC0", specification=specification)


def test_what_is_seen_is_kept_with_the_new_name_and_place() -> None:
    kept = context(VM.model_dump())
    assert renew(kept, vm(name="web9", path="/DC0/vm/x/web9")) == ["Name: web became web9.", "Place: /DC0/vm became /DC0/vm/x."]
    assert (kept.vm_name, kept.vm_path) == ("web9", "/DC0/vm/x/web9") and stored(kept.specification) == vm(
        name="web9", path="/DC0/vm/x/web9"
    )


@pytest.mark.parametrize("before", [{}, {"moref": "vm-1"}])
def test_the_first_look_changes_nothing(before: dict[str, Any]) -> None:
    assert renew(context(before), VM) == []


def test_a_log_line_names_all_changes() -> None:
    assert in_words(changes(VM, vm(cpus=4, memory_mib=1024))) == (
        "The VM has changed in vCenter. CPUs: 2 became 4. Memory: 2 GiB became 1 GiB."
    )
