"""A disk that VMware's library can't read is read over HTTPS, and the job's log says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from appliance.contract.disk_library import Reader
from appliance.contract.errors import Fault
from appliance.contract.peer import DiskTask
from appliance.core.commands import Children
from appliance.core.jobs import Run
from appliance.lab.vcenter import DiskPlan as LabDisk
from appliance.lab.vcenter import Plan, VcenterLab, VmPlan
from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Kind
from appliance.replication.movers import CopyFailure
from appliance.replication.transfer.board import DiskGauge
from appliance.replication.transfer.checkpoint import Checkpoints
from appliance.replication.transfer.disk import DiskCopy, Passage
from appliance.replication.transfer.link import OmaLink
from appliance.replication.transfer.plan import FULL, DiskPlan
from appliance.vsphere import inventory, snapshots
from appliance.vsphere.vddk.library import Usable
from tests.sources import logged_in

pytestmark = pytest.mark.lab
SIZE = 4 << 20
FAILURE = CopyFailure(Kind.SOURCE_ERROR, "Input/output error", 0, 5)


@dataclass
class Book:
    """The job's log."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    async def say(self, message: str, level: str, cause: str) -> None:
        self.lines.append((message, level, cause))


@pytest.fixture
async def passage(short: Path) -> AsyncIterator[Passage]:
    """A snapshot in the lab, and a library that nothing can load."""
    plan = Plan(vms=[VmPlan(name="web", disks=[LabDisk(size=SIZE)], powered_on=True)])
    async with VcenterLab(short / "lab", plan) as lab, logged_in(lab) as vcenter:
        record = await snapshots.create(vcenter, (await inventory.vm(vcenter, "/DC0/vm/web")).moref, "job-1")
        yield Passage(
            job_id="job-1",
            vcenter=vcenter,
            datacenter="/DC0",
            record=record,
            link=cast(OmaLink, None),
            children=Children(short / "children"),
            runtime=short / "run",
            checkpoints=Checkpoints(cast(Run, SimpleNamespace(state={}))),
            tries=2,
            library=lambda: Usable(short / "library", "7.0.3", "no-such-plugin"),
            say=Book().say,
        )


def disk_copy(passage: Passage) -> tuple[DiskCopy, list[tuple[str, str, str]]]:
    task = DiskTask(disk_id="disk-2000", key=2000, capacity_bytes=SIZE)
    plan = DiskPlan(FULL, Extents.whole(SIZE), Extents())
    book = cast(Book, passage.say.__self__)  # type: ignore[attr-defined]
    return DiskCopy(passage, task, plan, DiskGauge("disk-2000")), book.lines


async def test_a_library_that_fails_at_the_opening_is_left_for_https_once(passage: Passage) -> None:
    copy, lines = disk_copy(passage)
    for _ in range(2):
        async with await copy._open("copy/job-1/disk-2000") as opened:
            assert opened.source.reader is Reader.HTTPS
    assert copy.gauge.now.reader == "https"
    assert [(message, level) for message, level, _ in lines] == [
        (f"{copy.frozen.label} can't be read with VMware's disk library and is read over HTTPS.", "warning")
    ]
    assert "no-such-plugin" in lines[0][2]


async def test_a_library_that_breaks_off_costs_no_try(passage: Passage) -> None:
    copy, lines = disk_copy(passage)
    copy._reader = Reader.LIBRARY
    await copy._after(FAILURE, passage.tries)
    assert copy._without_library and [level for _, level, _ in lines] == ["warning"] and "Input/output error" in lines[0][2]
    async with await copy._open("copy/job-1/disk-2000") as opened:
        assert opened.source.reader is Reader.HTTPS
    with pytest.raises(Fault) as caught:
        await copy._after(FAILURE, passage.tries)
    assert caught.value.key == "replication.source_stuck"
