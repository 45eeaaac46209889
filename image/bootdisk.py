"""A disk that boots by BIOS and by UEFI, made from a root folder without loop devices, mounts or device mapper.

It is the same in every build, and opens to nobody.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from image.bootsectors import BIOS_AT, BIOS_SIZE, ESP_AT, ESP_SIZE, MIB, ROOT_AT, SECTOR, write_bios_boot
from image.ext4 import make_ext4
from image.grub import MODULES, PREFIX, START_CONFIG
from image.programs import run


@dataclass(frozen=True)
class DiskPlan:
    """A disk's size, its identifiers, and the time that everything on it is from (seconds): the same plan makes the same disk."""

    size_mib: int
    disk: UUID
    bios: UUID
    esp: UUID
    root: UUID
    epoch: int

    @property
    def root_mib(self) -> int:
        """What the root file system gets; the last mebibyte has the copy of the partition table."""
        return self.size_mib - ROOT_AT - 1


def make_boot_disk(root: Path, disk: Path, plan: DiskPlan) -> None:
    """Make `disk` (a sparse raw file) from the folder `root`, which has /boot/grub/grub.cfg; raises BuildProblem."""
    with tempfile.TemporaryDirectory(dir=disk.parent) as scratch:
        work = Path(scratch)
        with disk.open("wb") as file:
            file.truncate(plan.size_mib * MIB)
        run("sfdisk", "-q", disk, stdin=partition_table(plan))
        make_ext4(root, disk, ROOT_AT * MIB, plan.root_mib, plan.root, plan.epoch)
        start = work / "start.cfg"
        start.write_text(START_CONFIG)
        _make_esp(disk, start, work, plan)
        _make_bios_boot(disk, start, work)


def partition_table(plan: DiskPlan) -> str:
    """The partitions in sfdisk's language."""
    return f"""label: gpt
label-id: {plan.disk}
start={BIOS_AT}MiB, size={BIOS_SIZE}MiB, type=21686148-6449-6E6F-744E-656564454649, uuid={plan.bios}, name=bios
start={ESP_AT}MiB, size={ESP_SIZE}MiB, type=U, uuid={plan.esp}, name=esp
start={ROOT_AT}MiB, size={plan.root_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid={plan.root}, name=root
"""


def _make_esp(disk: Path, start: Path, work: Path, plan: DiskPlan) -> None:
    loader = work / "BOOTX64.EFI"
    run("grub-mkimage", "-O", "x86_64-efi", "-c", start, "-p", PREFIX, "-o", loader, "efi_gop", *MODULES)
    clock = {"SOURCE_DATE_EPOCH": str(plan.epoch), "TZ": "UTC"}
    label = ("-n", "ESP", "-i", plan.esp.hex[:8])
    where = (f"--offset={ESP_AT * MIB // SECTOR}", disk, str(ESP_SIZE * MIB // 1024))
    run("mkfs.vfat", "--invariant", "-F", "16", *label, *where, env=clock)
    partition = f"{disk}@@{ESP_AT}M"
    run("mmd", "-i", partition, "::EFI", "::EFI/BOOT", env=clock)
    run("mcopy", "-i", partition, loader, "::EFI/BOOT/BOOTX64.EFI", env=clock)


def _make_bios_boot(disk: Path, start: Path, work: Path) -> None:
    core_file = work / "core.img"
    run("grub-mkimage", "-O", "i386-pc", "-c", start, "-p", PREFIX, "-o", core_file, "biosdisk", *MODULES)
    write_bios_boot(disk, core_file.read_bytes())
