"""Compares one disk with its copy: hashes the source page by page, asks the OMA what differs, and copies that again."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.peer import Compare, DiskTask, Error, Examine, Examined, HashedBlock
from appliance.replication.extents import Extent, Extents
from appliance.replication.faults import REFUSED_SESSION, SOURCE_STUCK
from appliance.replication.hashers import Hasher, hashing
from appliance.replication.mover.protocol import MIB, CopyError, Source
from appliance.replication.transfer.board import DiskGauge
from appliance.replication.transfer.disk import CONNECTIONS, SOURCE_TROUBLE, DiskCopy, Passage
from appliance.replication.transfer.findings import Finding, Findings
from appliance.replication.transfer.plan import INCREMENTAL, DiskPlan
from appliance.replication.verify.faults import DIFFERS, NOT_WANTED
from appliance.replication.verify.sample import sample, size
from appliance.vsphere import folder
from appliance.vsphere.serving import https_source, open_source

PAGE_BYTES = 32 * MIB
"""Asked about at once: a second's work for a slow disk, and a few KiB of digests."""
MOST_RANGES = 1000
"""More than this are not worth mending: the disk is copied in full."""
REPAIRS = 2
TRIES = 3
"""Without one compared page in between; a cut tunnel does not count."""
PAUSE = 2.0
ENDED = frozenset({NOT_WANTED.key, NOT_FOUND.key, REFUSED_SESSION.key})

Answer = TypeVar("Answer")


class DiskExamination:
    """One disk of one cycle, at the snapshot that the cycle holds."""

    def __init__(self, passage: Passage, task: DiskTask, order: Examine, findings: Findings) -> None:
        self.passage, self.task, self.order, self.findings = passage, task, order, findings
        self.frozen = passage.record.disk(task.disk_id)
        self.finding: Finding = findings.of(task.disk_id, self._blocks())
        self._left = Extents()

    async def run(self) -> None:
        """Compare and repair; what keeps it from being finished is told to the OMA, which judges."""
        problem = None
        try:
            await self._examine()
        except Fault as error:
            if error.key in ENDED:
                return
            problem = Error(key=error.key, message=error.message, guidance=error.guidance, cause=error.cause)
        await self.findings.save()
        await self._told(problem)

    def _blocks(self) -> Extents:
        capacity, order = self.frozen.capacity_bytes, self.order
        if order.full:
            return Extents.whole(capacity)
        blocks = size(capacity, order.block_bytes, order.share, order.most_bytes, order.least_blocks)
        written = self.passage.checkpoints.of(self.task.disk_id).done
        return sample(written, capacity, order.block_bytes, blocks, secrets.randbelow)

    async def _examine(self) -> None:
        await self._pass(self.finding.todo, again=False)
        for _ in range(REPAIRS):
            if not self.finding.bad or len(self.finding.bad) > MOST_RANGES:
                break
            self.finding.mended = True
            await self.findings.save()
            await self._repair(self.finding.bad)
            await self._pass(self.finding.bad, again=True)
        if self.finding.bad:
            raise DIFFERS(disk=self.frozen.label, cause=f"{self.finding.bad.total} bytes in {len(self.finding.bad)} ranges")
        if self.finding.mended:
            # A snapshot that went meanwhile would have given what is newer.
            await folder.verify(self.passage.vcenter, self.passage.record, self.passage.datacenter)

    async def _repair(self, bad: Extents) -> None:
        """By an ordinary copy of these ranges; they do not count as flushed meanwhile."""
        checkpoint = self.passage.checkpoints.of(self.task.disk_id)
        checkpoint.done -= bad
        await self.passage.checkpoints.save()
        await DiskCopy(self.passage, self.task, DiskPlan(INCREMENTAL, bad, Extents()), DiskGauge(self.task.disk_id)).run()

    async def _pass(self, blocks: Extents, *, again: bool) -> None:
        """Compare all of these. Raises SOURCE_STUCK when the source keeps failing, and whatever says that the snapshot is gone."""
        self._left, failures = blocks, 0
        while self._left:
            before = self._left.total
            try:
                await self._once(again)
            except CopyError as error:
                cause = f"{error.kind}: {error.message}, offset {error.offset}, errno {error.errno}"
            except Fault as error:
                if error.key not in SOURCE_TROUBLE:
                    raise
                cause = str(error)
            else:
                continue
            failures = 1 if self._left.total < before else failures + 1
            if failures >= TRIES:
                raise SOURCE_STUCK(disk=self.frozen.label, cause=cause)
            await asyncio.sleep(PAUSE)

    async def _once(self, again: bool) -> None:
        passage, owner = self.passage, f"copy/{self.passage.job_id}/{self.task.disk_id}"
        await folder.verify(passage.vcenter, passage.record, passage.datacenter)
        source = await https_source(passage.vcenter, self.frozen, passage.datacenter)
        async with await open_source(passage.children, passage.vcenter, source, owner, passage.runtime) as opened:
            where = Source(socket=str(opened.socket), connections=CONNECTIONS)
            async with hashing(passage.children, owner, where) as hasher:
                await self._pages(hasher, again)

    async def _pages(self, hasher: Hasher, again: bool) -> None:
        """One page is hashed here while the one before is compared there."""
        comparing: asyncio.Task[None] | None = None
        try:
            for page in pages(self._left, self.order.block_bytes):
                digests = await hasher.digests(page)
                if comparing is not None:
                    await comparing
                comparing = asyncio.create_task(self._compare(page, digests, again))
            if comparing is not None:
                await comparing
        finally:
            if comparing is not None:
                comparing.cancel()
                await asyncio.gather(comparing, return_exceptions=True)

    async def _compare(self, page: list[Extent], digests: list[str], again: bool) -> None:
        seen, finding = Extents.of(page), self.finding
        asked = Compare(
            disk_id=self.task.disk_id,
            blocks=[HashedBlock(offset=one.offset, length=one.length, digest=text) for one, text in zip(page, digests, strict=True)],
            planned_bytes=finding.planned,
            checked_bytes=finding.checked if again else finding.checked + seen.total,
            again=again,
        )
        answer = await self._patiently(lambda: self.passage.link.oma.compare(self.passage.job_id, asked))
        finding.note(seen, Extents.of(answer.different), again=again)
        self._left -= seen
        await self.findings.changed()

    async def _told(self, problem: Error | None) -> None:
        told = Examined(disk_id=self.task.disk_id, problem=problem)
        try:
            await self._patiently(lambda: self.passage.link.oma.examined(self.passage.job_id, told))
        except Fault as error:
            if error.key not in ENDED:
                raise

    async def _patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The OMA's answer; waits for the tunnel however long it is cut."""
        while True:
            try:
                return await ask()
            except Fault as error:
                if error.key != UNREACHABLE.key:
                    raise
            await self.passage.link.wait_up()
            await asyncio.sleep(PAUSE / 4)


def pages(blocks: Extents, block_bytes: int) -> Iterator[list[Extent]]:
    """The blocks of a set, as many at a time as are asked about at once (pure)."""
    most = min(64, max(1, PAGE_BYTES // block_bytes))
    page: list[Extent] = []
    for block in blocks.chunks(block_bytes):
        page.append(block)
        if len(page) == most:
            yield page
            page = []
    if page:
        yield page
