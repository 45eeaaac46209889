"""Disks of guests are left as they are when they are attached."""

from pathlib import Path

import pytest

from image.roles import ROLES
from tests.units.overlay import ROOT


@pytest.mark.parametrize("rules", ["64-md-raid-assembly", "69-lvm", "64-btrfs", "60-kpartx"])
def test_no_array_and_no_volume_group_is_started_when_a_disk_appears(rules: str) -> None:
    assert (ROOT / f"etc/udev/rules.d/{rules}.rules").readlink() == Path("/dev/null")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("program", ["mdadm", "lvm2", "dmsetup", "btrfs"])
def test_nor_by_the_initial_ram_disk(role: str, program: str) -> None:
    assert f"/usr/share/initramfs-tools/hooks/{program}" in ROLES[role].left_out
