"""Devices of attached volumes, found by identity: the serial that CloudStack gives a volume."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from appliance.volumes.faults import DEVICE_MISSING, DEVICE_SMALL, DEVICE_STAYS
from appliance.volumes.names import serial

_PREFIXES = ("virtio-", "scsi-0QEMU_QEMU_HARDDISK_")


@dataclass(frozen=True)
class Device:
    """A present device: its name by identity, what that leads to now, and its size in bytes."""

    by_id: Path
    path: Path
    size: int


class Devices:
    """The devices under a folder of identity links (`/dev/disk/by-id`)."""

    def __init__(self, folder: Path = Path("/dev/disk/by-id"), *, wait_s: float = 60.0) -> None:
        self.folder, self._wait_s = folder, wait_s

    def names(self, volume_id: str) -> list[Path]:
        """Where the volume may appear: as a virtio or as a SCSI disk."""
        return [self.folder / f"{prefix}{serial(volume_id)}" for prefix in _PREFIXES]

    async def look(self, volume_id: str) -> Device | None:
        """The volume's device if it is there now."""
        return await asyncio.to_thread(self._look, volume_id)

    async def appear(self, volume_id: str, size_bytes: int) -> Device:
        """Wait for the device, which can be late, and check its size. Raises a Fault when it never comes or is too small."""
        async for _ in _asking(self._wait_s):
            device = await self.look(volume_id)
            # A hot-plugged disk may show before its capacity does.
            if device is not None and device.size:
                break
        else:
            raise DEVICE_MISSING(volume=volume_id, cause=f"none of {[str(name) for name in self.names(volume_id)]}")
        if device.size < size_bytes:
            raise DEVICE_SMALL(volume=volume_id, cause=f"{device.by_id}: {device.size} < {size_bytes}")
        return device

    async def vanish(self, volume_id: str) -> None:
        """Wait until the kernel no longer shows the volume. Raises a Fault when it stays."""
        async for _ in _asking(self._wait_s):
            if await self.look(volume_id) is None:
                return
        raise DEVICE_STAYS(volume=volume_id, cause=f"still one of {[str(name) for name in self.names(volume_id)]}")

    def _look(self, volume_id: str) -> Device | None:
        for name in self.names(volume_id):
            try:
                return Device(name, name.resolve(strict=True), _size(name))
            except OSError:
                continue  # absent, or going away right now
        return None


def _size(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.lseek(descriptor, 0, os.SEEK_END)
    finally:
        os.close(descriptor)


async def _asking(limit_s: float) -> AsyncIterator[int]:
    """Turns at growing intervals, the last one when `limit_s` seconds are over."""
    clock, wait, turn = asyncio.get_running_loop().time, 0.02, 0
    end = clock() + limit_s
    while True:
        yield turn
        left = end - clock()
        if left <= 0:
            return
        await asyncio.sleep(min(wait, left))
        wait, turn = min(wait * 1.5, 1.0), turn + 1
