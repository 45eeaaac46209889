"""The root file system gets an identifier that nobody else has, in one step of the kernel's."""

import fcntl
import os
import runpy
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from image.rootfs import settle_root_entry
from tests.units.overlay import ROOT, UNITS, settings

PROGRAM = ROOT / "usr/lib/appliance/own_identifier.py"
IMAGES = uuid.uuid5(uuid.NAMESPACE_DNS, "root.image")


def test_it_is_random_and_put_on_the_disk_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[int, bytes]] = []
    monkeypatch.setattr(fcntl, "ioctl", lambda _, request, value: calls.append((request, value)))
    for _ in range(2):
        runpy.run_path(str(PROGRAM))["main"](str(tmp_path))
    assert [request for request, _ in calls] == [0x4008662C, 0x4004662B] * 2
    made = [uuid.UUID(bytes=value[8:]) for _, value in calls[::2]]
    assert made[0] != made[1] and {one.version for one in made} == {4} and {one.variant for one in made} == {uuid.RFC_4122}


def test_it_runs_at_a_start_from_the_images_identifier_only(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    settle_root_entry(tmp_path, IMAGES)
    unit = settings(tmp_path / UNITS / "appliance-identifier.service.d/10-image.conf")["Unit"]
    assert dict(unit) == {"ConditionKernelCommandLine": f"root=UUID={IMAGES}"}


def test_no_file_names_the_root_file_system_by_an_identifier(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    settle_root_entry(tmp_path, IMAGES)
    assert (tmp_path / "etc/fstab").read_text().split()[:2] == ["/dev/root", "/"]
    assert str(settings(ROOT / UNITS / "fstrim.service.d/10-appliance.conf")["Service"]["ExecStart"]).endswith(" /")


def test_it_is_done_before_the_agent_can_have_a_disk_attached() -> None:
    unit = settings(ROOT / UNITS / "appliance-identifier.service")["Unit"]
    assert "appliance-agent.service" in unit["Before"].split() and "systemd-remount-fs.service" in unit["After"].split()


@pytest.mark.peers
def test_the_kernel_changes_it_while_it_is_mounted_and_the_file_system_stays_sound(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "folder"
    folder.mkdir()
    disk.write_bytes(b"")
    os.truncate(disk, 16 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-O", "metadata_csum_seed", "-U", str(IMAGES), disk], check=True)
    steps = f"mount -o loop {disk} {folder} && {sys.executable} -I -S {PROGRAM} {folder} && blkid -p -s UUID -o value {disk}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", steps], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert uuid.UUID(done.stdout.strip()).version == 4
    assert subprocess.run(["e2fsck", "-fn", disk], capture_output=True, check=False).returncode == 0
