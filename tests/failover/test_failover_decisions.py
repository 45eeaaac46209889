"""What is decided without asking anybody: networks, hardware, the order of disks, the preparation."""

from pathlib import Path
from typing import Any

import pytest
from failover_source import source_vm

from appliance.contract.failover import Preparation
from appliance.failover.machine import device_ids
from appliance.failover.networks import attached
from appliance.failover.preparation import decide, description
from appliance.failover.specification import Hardware, hardware


def test_a_machine_gets_one_adapter_a_network() -> None:
    assert attached({"red": "n-1", "blue": "n-2", "green": "n-1"}) == ("n-1", "n-2")


@pytest.mark.parametrize(
    ("changes", "prepared", "expected"),
    [
        ({}, False, Hardware("bios", "scsi", "vmxnet3", 1, 64)),
        ({}, True, Hardware("bios", "virtio", "virtio", 1, 64)),
        ({"firmware": "efi"}, False, Hardware("uefi", "scsi", "vmxnet3", 1, 64)),
        ({"firmware": "efi", "secure_boot": True}, False, Hardware("uefi-secure", "scsi", "vmxnet3", 1, 64)),
        ({"nics": [], "cpus": 4, "memory_mib": 8192}, False, Hardware("bios", "scsi", "virtio", 4, 8192)),
    ],
)
def test_the_new_machine_has_the_hardware_of_the_source(changes: dict[str, Any], prepared: bool, expected: Hardware) -> None:
    assert hardware(source_vm(**changes), prepared=prepared) == expected


def test_the_slot_of_the_cd_rom_is_left_out() -> None:
    assert [device_ids(count) for count in (1, 3, 5)] == [[0], [0, 1, 2], [0, 1, 2, 4, 5]]


@pytest.mark.parametrize(
    ("option", "guest", "needed"),
    [
        (Preparation.AUTO, "debian12_64Guest", False),
        (Preparation.AUTO, "ubuntu64Guest", False),
        (Preparation.AUTO, "windows2019srv_64Guest", True),
        (Preparation.AUTO, "", True),
        (Preparation.ALWAYS, "debian12_64Guest", True),
        (Preparation.SKIP, "windows2019srv_64Guest", False),
    ],
)
def test_a_guest_is_prepared_where_it_needs_it(option: Preparation, guest: str, needed: bool) -> None:
    assert decide(option, guest).needed is needed


def test_the_disks_are_described_in_order_and_names_can_not_break_out() -> None:
    text = description([Path("/dev/a'b"), Path("/dev/c")], "bios")
    assert text.index("a&apos;b" if "a&apos;b" in text else "a'b") < text.index("/dev/c")
    assert 'dev="/dev/a\'b"' in text
    assert "firmware='efi'" in description([Path("/dev/c")], "efi")
