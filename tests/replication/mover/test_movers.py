"""The parent: several processes on one disk, heard, divided, and never left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from mover_rig import MIB, Servers, copy_job, equal_there, identical, nonzero_bytes

from appliance.core.commands import Children
from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import CopyError, Kind, Source, Work
from appliance.replication.movers import CopyJob, Done, Progress, allocated, copy_disk


@pytest.fixture
def job(servers: Servers, disk: Path, target: Path) -> CopyJob:
    return copy_job("disk/d/1", servers, disk, target)


class Heard:
    def __init__(self) -> None:
        self.events: list[Done | Progress] = []
        self.first_done = asyncio.Event()

    async def __call__(self, event: Done | Progress) -> None:
        self.events.append(event)
        if isinstance(event, Done):
            self.first_done.set()

    @property
    def done(self) -> Extents:
        return Extents.of(extent for event in self.events if isinstance(event, Done) for extent in event.ranges)


def changed(job: CopyJob, **fields: object) -> CopyJob:
    return CopyJob(**{**vars(job), **fields})  # type: ignore[arg-type]


async def test_two_processes_copy_one_disk(children: Children, job: CopyJob, disk: Path, target: Path) -> None:
    heard = Heard()
    result = await copy_disk(children, job, heard)
    assert result.failure is None
    assert result.done == heard.done == Extents.whole(disk.stat().st_size)
    assert result.moved == nonzero_bytes(disk)
    assert identical(disk, target)
    assert children.living("disk/d/") == []


async def test_memory_of_two_processes_stays_small(children: Children, job: CopyJob) -> None:
    result = await copy_disk(children, changed(job, chunk_bytes=MIB), Heard())
    assert 0 < result.peak_rss < 200 * MIB


async def test_work_may_be_empty(children: Children, job: CopyJob) -> None:
    result = await copy_disk(children, changed(job, work=Work()), Heard())
    assert result.failure is None
    assert result.done == Extents()


async def test_work_may_be_found_out_while_the_processes_start(children: Children, job: CopyJob, disk: Path, target: Path) -> None:
    async def found() -> Work:
        capacity, data = await allocated(job.source)
        return Work(data, Extents.whole(capacity) - data)

    result = await copy_disk(children, changed(job, work=found()), Heard())
    assert result.failure is None
    assert result.done == Extents.whole(disk.stat().st_size)
    assert identical(disk, target)


async def test_work_that_cannot_be_found_out_ends_the_copy_at_once(children: Children, job: CopyJob, tmp_path: Path) -> None:
    async def not_found() -> Work:
        capacity, data = await allocated(Source(str(tmp_path / "nobody")))
        return Work(data, Extents.whole(capacity) - data)

    with pytest.raises(CopyError):
        await copy_disk(children, changed(job, work=not_found()), Heard())
    assert children.living("disk/d/") == []


async def test_a_copy_whose_work_is_never_found_out_can_be_cancelled(children: Children, job: CopyJob) -> None:
    asked = asyncio.Event()

    async def never() -> Work:
        asked.set()
        await asyncio.Event().wait()
        return Work()

    copy = asyncio.create_task(copy_disk(children, changed(job, work=never()), Heard()))
    await asked.wait()
    await asyncio.sleep(0.3)
    copy.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await copy
    assert children.living("disk/d/") == []


async def test_one_lost_target_ends_all_processes_with_that_reason(
    children: Children, job: CopyJob, servers: Servers, disk: Path, target: Path
) -> None:
    heard = Heard()
    copy = asyncio.create_task(copy_disk(children, changed(job, rate=4 * MIB), heard))
    await heard.first_done.wait()
    servers.kill("target")
    result = await copy
    assert result.failure is not None and result.failure.kind is Kind.TARGET_LOST
    assert result.done == heard.done
    assert equal_there(disk, target, result.done)
    assert children.living("disk/d/") == []


async def test_a_process_that_dies_without_a_word_is_a_failure(children: Children, job: CopyJob) -> None:
    heard = Heard()
    copy = asyncio.create_task(copy_disk(children, changed(job, rate=4 * MIB), heard))
    await heard.first_done.wait()
    await children.end("disk/d/")
    result = await copy
    assert result.failure is not None and result.failure.kind is None
    assert children.living("disk/d/") == []


async def test_a_cancelled_copy_reports_what_is_flushed_and_leaves_no_process(
    children: Children, job: CopyJob, disk: Path, target: Path
) -> None:
    heard = Heard()
    copy = asyncio.create_task(copy_disk(children, changed(job, rate=4 * MIB), heard))
    await heard.first_done.wait()
    copy.cancel()
    with pytest.raises(asyncio.CancelledError):
        await copy
    assert children.living("disk/d/") == []
    assert equal_there(disk, target, heard.done)


async def test_what_is_allocated_covers_all_data_and_not_the_holes(servers: Servers, disk: Path) -> None:
    capacity, data = await allocated(Source(servers.serve("source", "-r", "file", str(disk))))
    assert capacity == disk.stat().st_size
    assert data.covers(Extents.of([(0, 3 * MIB), (16 * MIB, 8 * MIB)]))
    assert not data & Extents.of([(13 * MIB, 2 * MIB)])


async def test_a_source_that_cannot_tell_is_all_allocated(servers: Servers, disk: Path) -> None:
    socket = servers.serve("source", "--filter=noextents", "file", str(disk))
    assert await allocated(Source(socket)) == (disk.stat().st_size, Extents.whole(disk.stat().st_size))


async def test_a_source_that_is_not_there_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(CopyError):
        await allocated(Source(str(tmp_path / "nobody")))
