"""Boot sectors, partition table, GRUB's configuration, disk formats: what is decided without writing a disk."""

from __future__ import annotations

import os
import struct
import subprocess
import uuid
from pathlib import Path

import pytest

from image.bootdisk import DiskPlan, partition_table
from image.bootsectors import boot_sector, located_core
from image.build import disk_plan
from image.ext4 import make_ext4
from image.formats import descriptor_place, with_content_id
from image.grub import MODULES, PREFIX, START_CONFIG, filled, grub_config
from image.ovf import render_ovf
from image.programs import BuildProblem
from image.roles import KERNEL_OPTIONS, ROLES
from tests.image.described import MACHINE

ROOT = uuid.UUID(int=4)
PLAN = DiskPlan(64, uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3), ROOT, 0)


def test_the_boot_sector_says_where_the_core_is() -> None:
    sector = boot_sector(bytes(512), 2048)
    assert struct.unpack_from("<Q", sector, 0x5C) == (2048,)
    assert (sector[0x64], sector[0x66:0x68], len(sector)) == (0xFF, b"\x90\x90", 512)


@pytest.mark.parametrize(("size", "sectors"), [(512, 1), (513, 2), (1024, 2), (30_000, 59)])
def test_the_core_is_whole_sectors_and_the_first_says_where_the_others_are(size: int, sectors: int) -> None:
    core = located_core(bytes(size), 2048)
    assert len(core) == sectors * 512
    assert struct.unpack_from("<QHH", core, 0x1F4) == (2049, sectors - 1, 0x820)


def test_the_partitions_leave_room_for_the_copy_of_the_table() -> None:
    assert "start=18MiB, size=45MiB" in partition_table(PLAN)


def test_the_root_partition_is_of_the_type_that_systemd_finds_and_grows() -> None:
    assert f"type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid={ROOT}, name=root" in partition_table(PLAN)


def test_one_version_of_one_role_has_the_same_identifiers_in_every_build() -> None:
    assert disk_plan(ROLES["oma"], "1.0.0", 5) == disk_plan(ROLES["oma"], "1.0.0", 5)


def test_identifiers_differ_between_roles_versions_and_parts() -> None:
    plans = [disk_plan(ROLES[role], version, 5) for role in ROLES for version in ("1.0.0", "1.0.1")]
    found = [identifier for plan in plans for identifier in (plan.disk, plan.bios, plan.esp, plan.root)]
    assert len(set(found)) == len(found) == 16


def test_grubs_core_goes_on_where_it_was_loaded_from_and_gives_nobody_its_command_line() -> None:
    assert START_CONFIG.startswith("set superusers=nobody\n")
    assert PREFIX.startswith("(,gpt3)/") and partition_table(PLAN).splitlines()[-1].endswith("name=root")


def test_grub_can_search_no_other_disk() -> None:
    assert not [name for name in MODULES if name.startswith("search")] and "search" not in START_CONFIG


@pytest.mark.peers
def test_the_file_systems_checksums_do_not_hang_on_its_identifier_and_grub_reads_it(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/one").write_text("read")
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"")
    os.truncate(disk, 16 << 20)
    make_ext4(tmp_path / "root", disk, 0, 16, ROOT, 1)
    features = subprocess.run(["dumpe2fs", "-h", disk], capture_output=True, text=True, check=True).stdout
    assert "metadata_csum_seed" in features
    shown = subprocess.run(["grub-fstest", disk, "cat", "(loop0)/one"], capture_output=True, text=True, check=True).stdout
    assert "read" in shown


def test_grubs_core_tries_again_where_it_finds_nothing() -> None:
    assert START_CONFIG.endswith("/grub.cfg\nsleep 10\nreboot\n")


@pytest.mark.parametrize("role", ROLES)
def test_the_initial_ram_disk_drives_the_controller_that_the_ovf_asks_for(role: str) -> None:
    assert "VirtualSCSI" in render_ovf(MACHINE) and "vmw_pvscsi" in ROLES[role].early_modules


def test_the_template_is_filled_in() -> None:
    made = grub_config("linux @KERNEL@ root=UUID=$own ro @CMDLINE@\ninitrd @INITRD@\n", "6.1.0-1", "quiet")
    assert made == "linux /boot/vmlinuz-6.1.0-1 root=UUID=$own ro quiet\ninitrd /boot/initrd.img-6.1.0-1\n"


def test_a_field_that_nobody_fills_in_stops_the_build() -> None:
    with pytest.raises(BuildProblem, match="CONSOLE, OTHER"):
        filled("@OTHER@ @CONSOLE@ @KNOWN@", {"KNOWN": "1"})


def test_the_initial_ram_disk_opens_no_shell() -> None:
    assert "panic=" in KERNEL_OPTIONS


def test_a_vmdks_descriptor_is_found_by_its_header() -> None:
    assert descriptor_place(struct.pack("<4sIIQQQQ", b"KDMV", 3, 0, 99, 128, 1, 20)) == (512, 20 * 512)


def test_what_is_no_vmdk_is_refused() -> None:
    with pytest.raises(BuildProblem):
        descriptor_place(bytes(512))


@pytest.mark.parametrize("drawn", [b"1", b"238cc73", b"ffffffff"])
def test_a_vmdks_content_id_is_set_and_its_descriptor_keeps_its_size(drawn: bytes) -> None:
    descriptor = (b"# Disk DescriptorFile\nversion=1\nCID=" + drawn + b"\nparentCID=ffffffff\n").ljust(1024, b"\0")
    made = with_content_id(descriptor, 0xABC)
    assert b"\nCID=00000abc\nparentCID=ffffffff\n" in made
    assert len(made) == 1024


def test_no_content_id_says_that_there_is_no_parent() -> None:
    assert b"CID=ffffffff" not in with_content_id(b"#\nCID=1\n".ljust(64, b"\0"), 0xFFFFFFFF)


def test_a_descriptor_without_content_id_is_refused() -> None:
    with pytest.raises(BuildProblem):
        with_content_id(b"version=1\n", 5)
