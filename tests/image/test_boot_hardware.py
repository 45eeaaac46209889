"""Both appliances on the other machines that they have to boot on: UEFI, and VMware's devices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.lab.machines.qemu import Nic
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
