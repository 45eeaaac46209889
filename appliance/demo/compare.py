"""Judging a copy by programs that are not ours: qemu-img compares bytes and counts blocks that hold something."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.core.commands import CommandFailed, run

BLOCK = 64 << 10
DIFFERENT = 1
LIMIT = 300.0


async def identical(source: Path, target: Path) -> bool:
    """Whether both raw disks read the same to the last byte; a longer one may only go on with zeros. Raises CommandFailed.

    `-U`: the source's base file is held open, read-only, by the machine it belongs to. Where the target is a device, both are read
    past the kernel's cache: what counts is what has arrived there (and through the cache a loop device takes five times as long).
    """
    direct = target.is_block_device()
    sides = [image_options("file", source, direct=direct), image_options("host_device" if direct else "file", target, direct=direct)]
    done = await run(["qemu-img", "compare", "-U", "--image-opts", *sides], timeout=LIMIT, check=False)
    if done.code not in (0, DIFFERENT):
        raise CommandFailed("qemu-img compare", done.code, done.stdout + done.stderr)
    return done.code == 0


def image_options(driver: str, path: Path, *, direct: bool) -> str:
    """A raw disk as qemu-img's `--image-opts` wants it (pure)."""
    name = str(path).replace(",", ",,")
    return f"driver=raw,file.driver={driver},file.cache.direct={'on' if direct else 'off'},file.filename={name}"


async def nonzero_bytes(disk: Path, scratch: Path) -> int:
    """The bytes in 64 KiB blocks that hold anything but zeros.

    qemu-img writes the disk as qcow2 with 64 KiB clusters, leaving out every cluster that reads as zeros, and then counts the clusters.
    """
    copy = scratch / f"{disk.stem}.count.qcow2"
    try:
        options = ["-U", "-f", "raw", "-O", "qcow2", "-o", f"cluster_size={BLOCK}", "-m", "4", "-W"]
        await run(["qemu-img", "convert", *options, str(disk), str(copy)], timeout=LIMIT)
        counted = await run(["qemu-img", "check", "--output=json", "-f", "qcow2", str(copy)], timeout=LIMIT)
    finally:
        copy.unlink(missing_ok=True)
    return int(json.loads(counted.stdout).get("allocated-clusters", 0)) * BLOCK
