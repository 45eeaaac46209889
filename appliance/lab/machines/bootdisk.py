"""A disk that boots by BIOS and by UEFI, made from a root folder without loop devices, mounts or root's rights on devices."""

import tempfile
from pathlib import Path

from appliance.lab.machines.process import run
from image.bootsectors import BIOS_AT, BIOS_SIZE, ESP_AT, ESP_SIZE, MIB, ROOT_AT, SECTOR, write_bios_boot

PARTITIONS = f"""label: gpt
start={BIOS_AT}MiB, size={BIOS_SIZE}MiB, type=21686148-6449-6E6F-744E-656564454649, name=bios
start={ESP_AT}MiB, size={ESP_SIZE}MiB, type=U, name=esp
start={ROOT_AT}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
"""

MODULES = ("part_gpt", "ext2", "search", "search_fs_uuid", "configfile", "linux", "normal", "boot", "test")


async def make_boot_disk(root: Path, disk: Path, size_mib: int, root_uuid: str) -> None:
    """Make `disk` (a sparse raw file) from the folder `root`, which has /boot/grub/grub.cfg; raises ToolFailed."""
    with tempfile.TemporaryDirectory(dir=disk.parent) as scratch:
        work = Path(scratch)
        with disk.open("wb") as file:
            file.truncate(size_mib * MIB)
        (work / "partitions").write_text(PARTITIONS)
        await run("sh", "-c", 'sfdisk -q "$1" <"$2"', "sfdisk", str(disk), str(work / "partitions"))
        await _make_root(root, disk, size_mib - ROOT_AT - 1, root_uuid)
        start = work / "start.cfg"
        start.write_text(
            f"search --no-floppy --fs-uuid --set=root {root_uuid}\nset prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n"
        )
        await _make_esp(disk, start, work)
        await _make_bios_boot(disk, start, work)


async def _make_root(root: Path, disk: Path, size_mib: int, root_uuid: str) -> None:
    # Without the lazy options the kernel would go on writing to the disk long after the first mount.
    options = f"offset={ROOT_AT * MIB},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0"
    await run("mkfs.ext4", "-q", "-F", "-U", root_uuid, "-L", "root", "-E", options, "-d", str(root), str(disk), f"{size_mib}M")


async def _make_esp(disk: Path, start: Path, work: Path) -> None:
    loader = work / "BOOTX64.EFI"
    await run("grub-mkimage", "-O", "x86_64-efi", "-c", str(start), "-p", "/boot/grub", "-o", str(loader), "efi_gop", *MODULES)
    await run("mkfs.vfat", "-F", "16", "-n", "ESP", f"--offset={ESP_AT * MIB // SECTOR}", str(disk), str(ESP_SIZE * MIB // 1024))
    partition = f"{disk}@@{ESP_AT}M"
    await run("mmd", "-i", partition, "::EFI", "::EFI/BOOT")
    await run("mcopy", "-i", partition, str(loader), "::EFI/BOOT/BOOTX64.EFI")


async def _make_bios_boot(disk: Path, start: Path, work: Path) -> None:
    core_file = work / "core.img"
    await run("grub-mkimage", "-O", "i386-pc", "-c", str(start), "-p", "/boot/grub", "-o", str(core_file), "biosdisk", *MODULES)
    write_bios_boot(disk, core_file.read_bytes())
