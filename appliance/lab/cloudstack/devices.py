"""Volumes as block devices of a VM that runs elsewhere: loop devices and links that carry the serial."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from .config import ApplianceVm
from .disks import Disks
from .plugging import DeviceFailed
from .records import serial_of

# Device probes of the system may hold a device for a moment after its last writer has closed it.
PROBES = 6
PROBE_SECONDS = 0.05


class Devices:
    """What is plugged in. `loop` makes loop devices, `link` only links to the raw files; `folder` is where a VM has none of its own."""

    def __init__(self, kind: Literal["loop", "link"], disks: Disks, vms: Sequence[ApplianceVm], folder: Path) -> None:
        self._kind = kind
        self._disks = disks
        self._vms, self._folder = tuple(vms), folder
        self._links: dict[str, Path] = {}
        self._lock = asyncio.Lock()

    async def plug(self, volume_id: str, vm: ApplianceVm) -> None:
        """Make the device and its link; a device that an earlier run left for this file is used again."""
        async with self._lock:
            folder = vm.devices_dir or self._folder
            folder.mkdir(parents=True, exist_ok=True)
            link = folder / f"virtio-{serial_of(volume_id)}"
            target = str(self._disks.volume(volume_id)) if self._kind == "link" else await self._loop_of(volume_id)
            draft = link.with_name(link.name + ".new")
            draft.unlink(missing_ok=True)
            draft.symlink_to(target)
            draft.replace(link)
            self._links[volume_id] = link

    async def unplug(self, volume_id: str) -> None:
        """Remove link and device. While somebody holds the device open it stays until it is free, cut off from the volume's bytes."""
        async with self._lock:
            link = self._links.pop(volume_id, None)
            if link is not None:
                link.unlink(missing_ok=True)
            if self._kind == "loop":
                await self._detach(volume_id)

    async def grow(self, volume_id: str) -> None:
        """Let a plugged device see the new size of its file."""
        if volume_id in self._links and self._kind == "loop":
            for name in await self._loops_on(self._disks.volume(volume_id)):
                await _run("losetup", "-c", name)

    async def heal(self, wanted: set[str]) -> None:
        """Remove what a killed run left behind, except devices of volumes that are to be plugged again."""
        kept = {self._disks.volume(volume_id) for volume_id in wanted}
        if self._kind == "loop":
            for name, file in await _loops():
                backing = Path(file.removesuffix(" (deleted)"))
                if backing.parent == self._disks.volumes_folder and (backing not in kept or file.endswith(" (deleted)")):
                    await _run("losetup", "-d", name)
        unwanted = {path.stem for path in self._disks.volumes_folder.glob("*.raw")} - wanted
        links = {f"virtio-{serial_of(volume_id)}" for volume_id in unwanted}
        for folder in {vm.devices_dir or self._folder for vm in self._vms}:
            for link in folder.glob("virtio-*"):
                if link.is_symlink() and link.name in links:
                    link.unlink()

    async def close(self) -> None:
        """Remove every link and device."""
        for volume_id in list(self._links):
            await self.unplug(volume_id)

    async def _loop_of(self, volume_id: str) -> str:
        """The loop device of a volume, made when there is none."""
        path = self._disks.volume(volume_id)
        existing = await self._loops_on(path)
        if existing:
            return existing[0]
        return (await _run("losetup", "--direct-io=off", "-f", "--show", str(path))).strip()

    async def _detach(self, volume_id: str) -> None:
        """Detach a volume's loop devices and cut off those that are still held."""
        path = self._disks.volume(volume_id)
        for name in await self._loops_on(path):
            await _run("losetup", "-d", name)
        for _ in range(PROBES):
            if not await self._loops_on(path):
                return
            await asyncio.sleep(PROBE_SECONDS)
        await self._disks.break_away(volume_id)

    async def _loops_on(self, path: Path) -> list[str]:
        """The loop devices over a file."""
        if not path.exists():
            return []
        return (await _run("losetup", "-n", "-O", "NAME", "-j", str(path))).split()


async def _loops() -> list[tuple[str, str]]:
    """All loop devices of this machine, as (device, backing file)."""
    answer = await _run("losetup", "-l", "-J", "-O", "NAME,BACK-FILE")
    rows = json.loads(answer)["loopdevices"] if answer.strip() else []
    return [(row["name"], row["back-file"] or "") for row in rows]


async def _run(*argv: str) -> str:
    """Run losetup; raises DeviceFailed with what it said."""
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    output, said = await process.communicate()
    if process.returncode:
        raise DeviceFailed(said.decode(errors="replace").strip())
    return output.decode()
