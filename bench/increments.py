"""A thousand increments of one VM, driven through the API of real appliances between the lab's clouds."""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.scenarios import Ground
from tests.e2e.world import ENDED, MIB, World, noise, storage_vm, world

VM, DISK_SIZE = "web1", 16 * MIB
TRACKED = 64 << 10
"""Bytes of a block whose change the lab's vCenter tells: what is written is counted in these."""
MOST_BLOCKS = 4
PROGRESS = 100
"""Increments between two lines about how it gets on."""
ALLOWED = 1.05
"""Times what changed that an increment may move."""


@dataclass(frozen=True)
class Increment:
    """One cycle: how each disk was copied, bytes changed before it and moved by it, seconds from asking to its end."""

    sync_types: tuple[str, ...]
    changed: int
    moved: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """Incremental, and hardly more than what changed."""
        return set(self.sync_types) == {"incremental"} and self.moved <= ALLOWED * self.changed


def outcome(cycles: Sequence[Increment]) -> dict[str, object]:
    """The object `increments` of bench.json (pure)."""
    changed, moved = sum(one.changed for one in cycles), sum(one.moved for one in cycles)
    seconds = sorted(one.seconds for one in cycles)
    return {
        "cycles": len(cycles),
        "incremental": sum(set(one.sync_types) == {"incremental"} for one in cycles),
        "good": sum(one.is_good for one in cycles),
        "changed_bytes": changed,
        "moved_bytes": moved,
        "ratio": round(moved / changed, 4) if changed else 0.0,
        "worst_ratio": round(max(one.moved / one.changed for one in cycles), 4),
        "median_s": round(statistics.median(seconds), 2),
        "p99_s": round(seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))], 2),
    }


async def increments(ground: Ground) -> dict[str, object]:
    """1,000 of them, or as many as BENCH_INCREMENTS says."""
    count = int(os.environ.get("BENCH_INCREMENTS", "1000"))
    with tempfile.TemporaryDirectory(prefix="inc-", dir=ground.folder) as folder:
        return outcome(await run_increments(Path(folder), count))


async def run_increments(folder: Path, count: int) -> list[Increment]:
    """A full copy, then so many increments of a few blocks each; at the end source and copy are compared."""
    blocks, done = random.Random(4), []
    async with world(folder, storage_vm(VM, DISK_SIZE)) as site:
        await site.write(VM, 2000, 0, noise(MIB))
        context_id, job_id = await site.protect(VM)
        await site.ended(job_id)
        for _ in range(count):
            done.append(await _increment(site, context_id, blocks))
            if len(done) % PROGRESS == 0:
                sys.stderr.write(f"{len(done)} increments, {sum(one.is_good for one in done)} good\n")
        if await site.snapshots(VM):
            raise RuntimeError("a snapshot was left behind")
        await site.identical(VM, context_id)
    return done


async def _increment(site: World, context_id: str, blocks: random.Random) -> Increment:
    places = blocks.sample(range(DISK_SIZE // TRACKED), blocks.randint(1, MOST_BLOCKS))
    for place in places:
        await site.write(VM, 2000, place * TRACKED, noise(TRACKED))
    began = time.monotonic()
    job_id = await site.sync(context_id)
    job = await site.jobs.job(job_id)
    while job.status not in ENDED:
        job = await site.jobs.job(job_id, after=job.revision, wait=15)
    seconds, cycle = time.monotonic() - began, await site.replications.cycle(job_id)
    copied = tuple(disk.sync_type for disk in cycle.disks) if job.status == "completed" else (job.status,)
    return Increment(copied, len(places) * TRACKED, cycle.bytes_transferred, seconds)
