"""What a cycle tells about itself while it runs: in memory, for those who follow it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from datetime import datetime

from appliance.contract.jobs import Pace
from appliance.contract.peer import CopyPhase, CopyProgress, DiskProgress

RATE_WINDOW = 10.0
"""Seconds over which the rate is taken."""


class DiskGauge:
    """Counts one disk: what is done, how fast, and when it will be finished."""

    def __init__(self, disk_id: str) -> None:
        self.now = DiskProgress(disk_id=disk_id)
        self._samples: deque[tuple[float, int]] = deque()
        self._began = time.monotonic()

    def begin(self, sync_type: str, reason: str, total: int, skipped: int) -> None:
        """The plan is known."""
        self.now = self.now.model_copy(update={"sync_type": sync_type, "reason": reason, "total_bytes": total, "skipped_bytes": skipped})
        self._began = time.monotonic()

    def count(self, done: int, moved: int, zeroed: int) -> None:
        """Totals so far, in bytes."""
        now = time.monotonic()
        self._samples.append((now, done))
        while self._samples[0][0] < now - RATE_WINDOW:
            self._samples.popleft()
        began, then = self._samples[0]
        span = now - began
        rate = (done - then) / span if span > 0.2 else 0.0
        left = max(0, self.now.total_bytes - done)
        self.now = self.now.model_copy(
            update={
                "done_bytes": done,
                "moved_bytes": moved,
                "zeroed_bytes": zeroed,
                "rate_bps": rate,
                "eta_seconds": int(left / rate) if rate > 0 else None,
                "seconds": now - self._began,
            }
        )

    def read_with(self, reader: str) -> None:
        """What it is read with from now on."""
        self.now = self.now.model_copy(update={"reader": reader})

    def finish(self, change_id: str) -> None:
        """Everything is flushed; this is the disk's change id at the snapshot."""
        self.now = self.now.model_copy(update={"change_id": change_id, "rate_bps": 0.0, "eta_seconds": 0})


class Board:
    """One cycle's gauges. Followers are told of each change."""

    def __init__(self, job_id: str, disk_ids: list[str]) -> None:
        self.job_id = job_id
        self.phase = CopyPhase.RUNNING
        self.operation = ""
        self.snapshot: str | None = None
        self.snapshot_at: datetime | None = None
        self.disks = {disk_id: DiskGauge(disk_id) for disk_id in disk_ids}
        self.released = asyncio.Event()
        self.asked_at = time.monotonic()
        self.revision = 0
        self._changed = asyncio.Condition()

    async def tell(self, phase: CopyPhase | None = None, operation: str | None = None) -> None:
        """Something has changed."""
        self.phase = phase or self.phase
        self.operation = self.operation if operation is None else operation
        self.revision += 1
        async with self._changed:
            self._changed.notify_all()

    async def wait(self, after: int, timeout: float) -> None:
        """Until the revision is another one than `after` (after a restart a smaller one), at the latest after `timeout` seconds."""
        self.asked_at = time.monotonic()
        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(lambda: self.revision != after)
        except TimeoutError:
            return

    def progress(self) -> CopyProgress:
        """The cycle as it is now."""
        return CopyProgress(
            job_id=self.job_id,
            revision=self.revision,
            phase=self.phase,
            operation=self.operation,
            snapshot=self.snapshot,
            snapshot_at=self.snapshot_at,
            disks=[gauge.now for gauge in self.disks.values()],
        )

    def pace(self, *, moving: bool) -> Pace | None:
        """All disks together, None before anything is known; no rate is told when nothing is `moving`."""
        disks = [gauge.now for gauge in self.disks.values()]
        total, skipped = sum(one.total_bytes for one in disks), sum(one.skipped_bytes for one in disks)
        if not total and not skipped:
            return None
        return Pace(
            done_bytes=sum(one.done_bytes for one in disks),
            total_bytes=total,
            skipped_bytes=skipped,
            rate_bps=sum(one.rate_bps for one in disks) if moving else 0.0,
            eta_seconds=max((one.eta_seconds for one in disks if one.eta_seconds is not None), default=None) if moving else None,
        )
