"""How far the comparison of each disk is: kept in the job's stored state, so that a restart goes on where it was."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from appliance.core.jobs import Run
from appliance.replication.extents import Extents

SAVE_SECONDS = 5.0


@dataclass
class Finding:
    """One disk: blocks still to be looked at, those that were found to differ, the bytes planned and checked, whether any was mended."""

    todo: Extents
    planned: int
    checked: int = 0
    bad: Extents = field(default_factory=Extents)
    mended: bool = False

    def note(self, page: Extents, different: Extents, *, again: bool) -> None:
        """A page was compared."""
        self.bad = (self.bad - page) | different
        if not again:
            self.todo -= page
            self.checked += page.total

    def record(self) -> dict[str, Any]:
        """As JSON can hold it."""
        extents = {"todo": self.todo.pairs(), "bad": self.bad.pairs()}
        return {**extents, "planned": self.planned, "checked": self.checked, "mended": self.mended}

    @classmethod
    def of(cls, record: dict[str, Any]) -> Finding:
        """What `record` gave."""
        return cls(Extents.parse(record["todo"]), record["planned"], record["checked"], Extents.parse(record["bad"]), record["mended"])


class Findings:
    """The findings of all disks of one cycle."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._disks = {disk_id: Finding.of(record) for disk_id, record in run.state.get("findings", {}).items()}
        self._saved_at = time.monotonic()
        self._saving = asyncio.Lock()

    def of(self, disk_id: str, blocks: Extents) -> Finding:
        """The finding of a disk; a new one has these blocks to look at."""
        return self._disks.setdefault(disk_id, Finding(blocks, blocks.total))

    async def changed(self) -> None:
        """Store them, unless that was done just now."""
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            await self.save()

    async def save(self) -> None:
        """Store them now."""
        async with self._saving:
            self._saved_at = time.monotonic()
            self._run.state["findings"] = {disk_id: one.record() for disk_id, one in self._disks.items()}
            await self._run.save()
