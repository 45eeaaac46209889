"""A limit of bandwidth slows real copies over real sockets, one by one and together."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from mover_rig import GRAIN, MIB, Servers, copy_job, identical

from appliance.core.commands import Children
from appliance.replication.bandwidth import Bandwidth
from appliance.replication.mover.throttle import BURST
from appliance.replication.movers import CopyJob, Done, Progress, copy_disk

pytestmark = pytest.mark.lab
LIMIT = 5 * MIB


@pytest.fixture
def job(servers: Servers, disk: Path, target: Path) -> CopyJob:
    return copy_job("copy/job-web/disk-1", servers, disk, target)


class Watched:
    """What a copy said it had moved, and when."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []

    async def __call__(self, event: Done | Progress) -> None:
        if isinstance(event, Progress):
            self.seen.append((time.monotonic(), event.moved))

    def kept_to(self, limit: int, since: float) -> bool:
        """Whether no report says that more was moved than the limit lets through. On a slow machine reports are late, which is less."""
        return all(moved <= limit * (at - since + BURST) + MIB for at, moved in self.seen)


async def test_a_limit_slows_a_copy_to_its_rate(children: Children, job: CopyJob, disk: Path, target: Path) -> None:
    bandwidth, watched = Bandwidth(), Watched()
    bandwidth.tell(LIMIT)
    began = time.monotonic()
    result = await copy_disk(children, job, watched, bandwidth)
    assert result.failure is None and identical(disk, target)
    assert result.moved / (time.monotonic() - began) < 1.5 * LIMIT
    assert watched.seen and watched.kept_to(LIMIT, began)


async def test_a_window_that_ends_lets_a_running_copy_go(children: Children, job: CopyJob, disk: Path, target: Path) -> None:
    bandwidth, watched = Bandwidth(), Watched()
    bandwidth.tell(GRAIN)  # at this rate it would take minutes
    copy = asyncio.create_task(copy_disk(children, job, watched, bandwidth))
    async with asyncio.timeout(30):
        while not watched.seen:
            await asyncio.sleep(0.05)
        assert watched.seen[-1][1] <= 4 * MIB
        bandwidth.tell(None)
        assert (await copy).failure is None
    assert identical(disk, target)


async def test_a_limit_that_comes_while_a_copy_connects_is_kept(children: Children, job: CopyJob) -> None:
    bandwidth, watched = Bandwidth(), Watched()
    copy = asyncio.create_task(copy_disk(children, job, watched, bandwidth))
    while len(children.living("copy/job-web/")) < 2:
        await asyncio.sleep(0.001)
    bandwidth.tell(GRAIN)
    async with asyncio.timeout(30):
        while len(watched.seen) < 4:
            await asyncio.sleep(0.05)
    assert watched.seen[-1][1] <= 4 * MIB
    copy.cancel()
    await asyncio.gather(copy, return_exceptions=True)
