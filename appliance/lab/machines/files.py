"""The files of disks: holes, data, overlays."""

import os
from pathlib import Path

from appliance.lab.machines.process import run
from appliance.lab.machines.tracking import Extent


def make(path: Path, capacity: int) -> None:
    """Make a raw file that is one hole; a file that is there is left alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(capacity)


async def make_overlay(path: Path, capacity: int) -> None:
    """Make an empty qcow2 file whose clusters are as large as the blocks that are tracked; what lies below it is told when it is opened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    await run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=64k", str(path), str(capacity))


def data_extents(path: Path) -> list[Extent]:
    """The parts of a file that are not holes; blocks."""
    found: list[Extent] = []
    with path.open("rb") as file:
        end, offset = os.fstat(file.fileno()).st_size, 0
        while (data := next_data(file.fileno(), offset, end)) < end:
            offset = os.lseek(file.fileno(), data, os.SEEK_HOLE)
            found.append((data, offset - data))
    return found


def next_data(fd: int, offset: int, end: int) -> int:
    """Where data begins at or after `offset`; `end` when there is none."""
    try:
        return min(end, os.lseek(fd, offset, os.SEEK_DATA))
    except OSError:  # ENXIO: a hole to the end of the file
        return end
