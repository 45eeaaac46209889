"""How a disk that boots by BIOS and by UEFI is laid out, and its boot sectors: the appliances' disks and those of the lab's guests."""

import struct
from pathlib import Path

MIB = 1 << 20
SECTOR = 512
GRUB = Path("/usr/lib/grub")  # Debian's packages grub-pc-bin and grub-efi-amd64-bin

# The layout, in MiB: a partition for GRUB's BIOS core, the EFI system partition, the root file system.
BIOS_AT, BIOS_SIZE = 1, 1
ESP_AT, ESP_SIZE = 2, 16
ROOT_AT = ESP_AT + ESP_SIZE


def write_bios_boot(disk: Path, core: bytes) -> None:
    """Put GRUB's core into its partition, and before it the first sector, which keeps the partition table's part."""
    sector = BIOS_AT * MIB // SECTOR
    with disk.open("r+b") as file:
        partition_table = file.read(SECTOR)[440:]
        file.seek(0)
        file.write(boot_sector((GRUB / "i386-pc" / "boot.img").read_bytes(), sector)[:440] + partition_table)
        file.seek(sector * SECTOR)
        file.write(located_core(core, sector))


def boot_sector(image: bytes, core_sector: int) -> bytes:
    """GRUB's first sector, told where its core lies (offsets: grub/i386/pc/boot.h, GRUB_BOOT_MACHINE_*)."""
    sector = bytearray(image)
    struct.pack_into("<Q", sector, 0x5C, core_sector)
    sector[0x64] = 0xFF  # boot from the drive that the BIOS names
    sector[0x66:0x68] = b"\x90\x90"  # as grub-setup does: do not distrust that name
    return bytes(sector)


def located_core(image: bytes, core_sector: int) -> bytes:
    """GRUB's core in whole sectors, whose first one is told where the others lie (the last entry of its block list)."""
    core = bytearray(image) + bytes(-len(image) % SECTOR)
    struct.pack_into("<QHH", core, 0x1F4, core_sector + 1, len(core) // SECTOR - 1, 0x820)
    return bytes(core)
