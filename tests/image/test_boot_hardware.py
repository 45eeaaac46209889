"""Both appliances on the other machines that they have to boot on: UEFI, and VMware's devices."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.lab.machines.qemu import Firmware, Nic
from tests.image import wizard
from tests.image.machine import KVM, VMWARE, Hardware, machine


async def test_an_oma_boots_by_uefi(oma_disk: Path, images: Path) -> None:
    async with machine(images / "boots" / "oma-uefi", oma_disk, images / "shots", replace(KVM, firmware="uefi")) as oma:
        await wizard.welcome(oma)
        await oma.picture("oma-uefi-welcome")
        assert await oma.guest.run("test -d /sys/firmware/efi && echo uefi") == "uefi"


@pytest.mark.parametrize("hardware", [VMWARE, replace(VMWARE, firmware="uefi", nics=(Nic("e1000e", "00:50:56:00:00:02"),))])
async def test_a_vma_boots_on_vmwares_devices(vma_disk: Path, images: Path, hardware: Hardware) -> None:
    name = f"vma-{hardware.firmware}"
    async with machine(images / "boots" / name, vma_disk, images / "shots", hardware) as vma:
        shown = await wizard.welcome(vma)
        await vma.picture(f"{name}-welcome")
        assert "VMA" in shown
        await vma.guest.becomes("ip -brief address", r".*10\.0\.2\.15/24.*")


OWN = "blkid -p -s UUID -o value $(findmnt -n -o SOURCE /)"


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
async def test_a_disk_that_looks_like_the_appliances_own_is_never_its_root(oma_disk: Path, images: Path, firmware: Firmware) -> None:
    """A guest's disk may carry the image's partition table, loader and identifiers; here it is the image, and is found first."""
    hardware = replace(KVM, firmware=firmware)
    async with machine(images / "boots" / f"lookalike-{firmware}", oma_disk, images / "shots", hardware) as oma:
        await wizard.welcome(oma)
        await oma.guest.becomes("systemctl is-active appliance-agent", "active")
        own, before = await oma.guest.run(OWN), await oma.guest.run("cat /etc/machine-id; findmnt -n -o SOURCE /")
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", own) and own[14] == "4"
        assert before.endswith("/dev/vda3")
        await oma.guest.run("sync")
        await oma.switch_off()
        oma.hardware = replace(hardware, lower=oma_disk)
        await oma.switch_on()
        await wizard.welcome(oma)
        assert await oma.guest.run("cat /etc/machine-id; findmnt -n -o SOURCE /") == before.replace("vda3", "vdb3")
        assert await oma.guest.run(OWN) == own
        assert await oma.guest.run("blkid -p -s UUID -o value /dev/vda3") not in (own, "")
        assert f"root=UUID={own}" in await oma.guest.run("cat /proc/cmdline")
        await oma.guest.becomes("systemctl show -p ConditionResult --value appliance-identifier", "no")
        assert {"rw", "noatime"} <= set((await oma.guest.run("findmnt -n -o OPTIONS /")).split(","))
