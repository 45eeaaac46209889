"""A copy of an image with a probe in it.

An appliance has no shell and no login, so the tests could not look into it. Only two files and a link differ from what was built: the unit
`boot-test.service`, the script that it runs, and the link that starts it. The script runs what it is asked over a virtio-serial port that
no real machine has. The files are written into the root file system of the copy without mounting it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from appliance.core.commands import run

HERE = Path(__file__).parent
ROOT_TYPE = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
"""The type of a root partition for x86-64 (Discoverable Partitions Specification)."""

SCRIPT, UNIT = "/usr/lib/boot-test.sh", "/usr/lib/systemd/system/boot-test.service"
WANTED_BY = "/usr/lib/systemd/system/sysinit.target.wants"
"""Not below /etc: presets are applied there at the first boot."""

CONVERSION = 300.0
"""Seconds for unpacking an image."""


async def planted(image: Path, copy: Path) -> Path:
    """Make `copy`, a raw disk with the image's contents and the probe. Raises CommandFailed, ValueError."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    await run(["qemu-img", "convert", "-O", "raw", str(image), str(copy)], timeout=CONVERSION)
    link = f"{WANTED_BY}/{Path(UNIT).name}"
    await _change(
        copy,
        f"write {HERE / 'probe.sh'} {SCRIPT}",
        f"write {HERE / 'probe.service'} {UNIT}",
        f"mkdir {WANTED_BY}",
        f"symlink {link} ../{Path(UNIT).name}",
    )
    if b"Type: symlink" not in await _change(copy, f"stat {link}"):
        raise ValueError(f"{image} does not take the probe")
    return copy


async def place(disk: Path, file: Path, path: str) -> None:
    """Put a file into the root file system of a raw disk, where there is none; its folder is made. Raises CommandFailed."""
    await _change(disk, f"mkdir {Path(path).parent}", f"write {file} {path}")


async def rewrite(disk: Path, path: str, change: Callable[[str], str]) -> None:
    """Change a text file in the root file system of a raw disk. Raises CommandFailed."""
    text = disk.with_suffix(".text")
    await _change(disk, f"dump {path} {text}")
    text.write_text(change(text.read_text()))
    await _change(disk, f"rm {path}", f"write {text} {path}")
    text.unlink()


async def _change(disk: Path, *commands: str) -> bytes:
    table = await run(["sfdisk", "--json", str(disk)])
    offset = root_offset(json.loads(table.stdout))
    done = await run(["debugfs", "-w", "-f", "-", f"{disk}?offset={offset}"], input="\n".join(commands).encode())
    return done.stdout


async def overlay(base: Path, path: Path, size_gib: int = 0) -> Path:
    """A disk that begins as `base`, a raw file, and keeps what is written to it; larger than that where `size_gib` is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = [f"{size_gib}G"] if size_gib else []
    await run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(base.absolute()), str(path), *size])
    return path


def root_offset(table: dict[str, dict[str, object]]) -> int:
    """Where the root file system begins, in bytes, from what sfdisk says of the disk (pure). Raises ValueError when there is none."""
    disk = table["partitiontable"]
    partitions = disk["partitions"]
    assert isinstance(partitions, list)
    for one in partitions:
        if one["type"] == ROOT_TYPE:
            return int(one["start"]) * int(str(disk.get("sectorsize", 512)))
    raise ValueError("the disk has no root partition")
