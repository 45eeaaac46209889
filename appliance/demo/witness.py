"""Looks at both sides of a cycle while its snapshot is held: the source's base files are frozen then, and the copy is committed.

The lab is told to take its time with the snapshot's removal, as a busy vCenter does; the appliances just wait for the task.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.contract.replications import Cycle, DiskCycle
from appliance.demo.compare import identical, nonzero_bytes
from appliance.demo.faults import DemoFailed
from appliance.demo.labs import Frozen
from appliance.demo.operating import Follower
from appliance.demo.stage import Stage

LOOK_AGAIN = 0.05


@dataclass(frozen=True)
class Seen:
    """One disk at the snapshot. `content_bytes` is what was counted for it."""

    identical: bool
    content_bytes: int


class Witness:
    """Compares every disk of every cycle. Keeps the last snapshot's moments, from which the next one's changes are counted."""

    def __init__(self, stage: Stage, follower: Follower, target: Callable[[str], Path] | None = None) -> None:
        """`target` says where a volume's bytes are to be looked at, by its id: usually at its device."""
        self._stage, self._follower = stage, follower
        self._target = target or partial(device, stage.devices)
        self._moments: dict[int, int] = {}

    async def watched(self, job_id: str) -> tuple[Cycle, dict[str, Seen]]:
        """Follow a job to its end: the cycle that it is, or that it has made, and what was seen at its snapshot. Raises DemoFailed."""
        watching = asyncio.create_task(self._at_snapshot())
        try:
            await self._follower.until_over(job_id)
            if not watching.done():
                raise DemoFailed("The cycle ended before its snapshot could be looked at; nothing was compared.")
            cycle_id, seen = await watching
            return await self._follower.cycle(cycle_id), seen
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _at_snapshot(self) -> tuple[str, dict[str, Seen]]:
        vcenter = self._stage.vcenter
        frozen = await self._snapshot()
        try:
            await vcenter.hold_next_task()
            while not await vcenter.holds_task():
                await asyncio.sleep(LOOK_AGAIN)
            begun = time.monotonic()
            cycle = await self._follower.cycle(await self._follower.newest_cycle_id())
            seen = {disk.disk_id: await self._look(disk, frozen) for disk in cycle.disks}
            self._follower.show.part("Comparing both disks with the source at the snapshot", time.monotonic() - begun)
        finally:
            await vcenter.let_go()
        self._moments = {key: disk.sequence for key, disk in frozen.items()}
        return cycle.job_id, seen

    async def _snapshot(self) -> dict[int, Frozen]:
        """The disks of the cycle's snapshot, as soon as it is there; one that only turns tracking on is passed over."""
        while True:
            for snapshot in await self._stage.vcenter.snapshots():
                if snapshot.tracked:
                    return snapshot.frozen
            await asyncio.sleep(LOOK_AGAIN)

    async def _look(self, disk: DiskCycle, frozen: dict[int, Frozen]) -> Seen:
        key = int(disk.disk_id.removeprefix("disk-"))
        source = self._stage.vcenter.disk(key)
        same = await identical(source, self._target(disk.volume_id or ""))
        if key in self._moments:
            return Seen(same, await self._stage.vcenter.changed_bytes(key, self._moments[key], frozen[key].sequence))
        return Seen(same, await nonzero_bytes(source, self._stage.work))


def device(folder: Path, volume_id: str) -> Path:
    """Where an attached volume appears: CloudStack's serial is the first 20 hexadecimal digits of its id (pure)."""
    return folder / f"virtio-{volume_id.replace('-', '')[:20]}"
