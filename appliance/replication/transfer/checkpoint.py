"""What of a disk is flushed on the target, with the snapshot's change id that it belongs to: kept in the job's stored state."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from appliance.core.jobs import Run
from appliance.replication.extents import Extents
from appliance.replication.movers import Done

SAVE_BYTES = 32 << 20
SAVE_SECONDS = 2.0
"""Stored when either has passed since the last time; at most 64 MiB may have to be copied again."""


@dataclass
class Checkpoint:
    """One disk: the flushed ranges, the snapshot they were read from with the disk's change id at it, and the bytes counted so far.

    The change id alone does not tell: a disk whose changes are not tracked has none at any snapshot.
    """

    snapshot: str = ""
    since: str = ""
    done: Extents = field(default_factory=Extents)
    moved: int = 0
    zeroed: int = 0

    def add(self, done: Done) -> None:
        """These ranges are flushed."""
        self.done |= done.ranges
        self.moved += done.moved
        self.zeroed += done.zeroed

    def record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"snapshot": self.snapshot, "since": self.since, "done": self.done.pairs(), "moved": self.moved, "zeroed": self.zeroed}

    @classmethod
    def of(cls, record: dict[str, Any]) -> Checkpoint:
        """What `record` gave."""
        return cls(record["snapshot"], record["since"], Extents.parse(record["done"]), record["moved"], record["zeroed"])


class Checkpoints:
    """The checkpoints of all disks of one cycle."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._disks = {disk_id: Checkpoint.of(record) for disk_id, record in run.state.get("checkpoints", {}).items()}
        self._unsaved, self._saved_at = 0, time.monotonic()
        self._saving = asyncio.Lock()

    def of(self, disk_id: str) -> Checkpoint:
        """The checkpoint of one disk; an empty one when nothing is flushed yet."""
        return self._disks.setdefault(disk_id, Checkpoint())

    async def add(self, disk_id: str, done: Done) -> None:
        """These ranges of a disk are flushed; stored at once or with the next ones."""
        self.of(disk_id).add(done)
        self._unsaved += done.ranges.total
        if self._unsaved >= SAVE_BYTES or time.monotonic() - self._saved_at >= SAVE_SECONDS:
            await self.save()

    async def save(self) -> None:
        """Store all of them now."""
        async with self._saving:
            self._unsaved, self._saved_at = 0, time.monotonic()
            self._run.state["checkpoints"] = {disk_id: one.record() for disk_id, one in self._disks.items()}
            await self._run.save()
