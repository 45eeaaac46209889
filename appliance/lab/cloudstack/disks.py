"""The bytes of volumes and snapshots: sparse raw files under the lab's folder."""

import asyncio
import contextlib
import os
import threading
import time
from pathlib import Path

STEP = 8 * 1024**2
SMALL_STEP = 64 * 1024


def copy_sparse(source: Path, target: Path, bytes_per_second: int | None, ended: threading.Event) -> None:
    """Copy only what holds data, at most so fast; the target appears complete or, when it has ended before, not at all."""
    step = min(STEP, max(SMALL_STEP, bytes_per_second // 10)) if bytes_per_second else STEP
    draft = target.with_name(target.name + ".part")
    copied = 0
    started = time.monotonic()
    with source.open("rb") as reader, draft.open("wb") as writer:
        size = os.fstat(reader.fileno()).st_size
        os.truncate(writer.fileno(), size)
        for start, end in _data_ranges(reader.fileno(), size):
            for offset in range(start, end, step):
                copied += _copy_range(reader.fileno(), writer.fileno(), offset, min(step, end - offset))
                due = started + copied / bytes_per_second if bytes_per_second else 0.0
                if ended.wait(max(0.0, due - time.monotonic())):
                    return
    draft.replace(target)


def _data_ranges(descriptor: int, size: int) -> list[tuple[int, int]]:
    """The parts of a file that are not holes, as (start, end)."""
    ranges = []
    offset = 0
    while offset < size:
        try:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
        except OSError:
            break
        offset = os.lseek(descriptor, start, os.SEEK_HOLE)
        ranges.append((start, offset))
    return ranges


def _copy_range(source: int, target: int, offset: int, length: int) -> int:
    """Copy one range inside the kernel."""
    done = 0
    while done < length:
        moved = os.copy_file_range(source, target, length - done, offset + done, offset + done)
        if moved == 0:
            break
        done += moved
    return done


class Disks:
    """The folders with the raw files."""

    def __init__(self, folder: Path) -> None:
        self._volumes = folder / "volumes"
        self._snapshots = folder / "snapshots"
        self._ended = threading.Event()
        for part in (self._volumes, self._snapshots):
            part.mkdir(parents=True, exist_ok=True)

    @property
    def volumes_folder(self) -> Path:
        """Where all volumes are."""
        return self._volumes

    def volume(self, volume_id: str) -> Path:
        """The file of a volume."""
        return self._volumes / f"{volume_id}.raw"

    def snapshot(self, snapshot_id: str) -> Path:
        """The file of a snapshot."""
        return self._snapshots / f"{snapshot_id}.raw"

    def place(self, volume_id: str, size: int) -> None:
        """Make the file of a volume, full of zeros, or grow it to its size. Bytes that are there stay."""
        path = self.volume(volume_id)
        path.touch()
        if path.stat().st_size < size:
            os.truncate(path, size)

    async def fill(self, volume_id: str, template: Path, size: int) -> None:
        """Make a root volume from a template's raw file."""
        await self._copy(template, self.volume(volume_id))
        self.place(volume_id, size)

    async def take(self, volume_id: str, snapshot_id: str, bytes_per_second: int | None) -> None:
        """Copy a volume into a snapshot."""
        await self._copy(self.volume(volume_id), self.snapshot(snapshot_id), bytes_per_second)

    async def restore(self, snapshot_id: str, volume_id: str, bytes_per_second: int | None) -> None:
        """Copy a snapshot back over its volume."""
        await self._copy(self.snapshot(snapshot_id), self.volume(volume_id), bytes_per_second)

    async def break_away(self, volume_id: str) -> None:
        """Give a volume a new file with the same bytes: whoever still holds the old one open writes into the void."""
        path = self.volume(volume_id)
        await self._copy(path, path)

    def delete_volume(self, volume_id: str) -> None:
        """Remove a volume's bytes."""
        self.volume(volume_id).unlink(missing_ok=True)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Remove a snapshot's bytes."""
        self.snapshot(snapshot_id).unlink(missing_ok=True)

    def close(self) -> None:
        """Give up copies that are under way."""
        self._ended.set()

    async def _copy(self, source: Path, target: Path, bytes_per_second: int | None = None) -> None:
        """Copy in a thread."""
        await asyncio.to_thread(copy_sparse, source, target, bytes_per_second, self._ended)

    def sweep(self) -> None:
        """Remove copies that a killed run left half-done."""
        for folder in (self._volumes, self._snapshots):
            for leftover in folder.glob("*.part"):
                with contextlib.suppress(FileNotFoundError):
                    leftover.unlink()
