"""The parent of the copying processes: starts them, divides the work among them, hears them, and leaves none behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import Any

import appliance
from appliance.core.cancelling import to_its_end
from appliance.core.commands import Child, Children
from appliance.replication.bandwidth import Bandwidth
from appliance.replication.extents import Extent, Extents
from appliance.replication.mover import allocation
from appliance.replication.mover.protocol import MIB, NOTHING, Kind, Source, Target, Work

READ_SHARE, ZERO_SHARE = 16 * MIB, 4 << 30
"""Bytes handed to a process at a time: small, so that all end together."""
LINE_LIMIT = 16 * MIB
GRACE = 15.0
"""Seconds for a process to flush and report after it was asked to stop."""
ARGV = (sys.executable, "-S", "-P", "-m", "appliance.replication.mover")
"""Without `site`, which takes longer to look for packages than the copying process takes to begin."""


@dataclass(frozen=True)
class CopyJob:
    """One disk to copy. `owner` names its processes in the registry of children."""

    owner: str
    source: Source
    targets: tuple[Target, ...]
    """One per connection; they are dealt to the processes in turn."""
    work: Work | Awaitable[Work]
    """What is still being found out is waited for while the processes start and connect."""
    target_is_zero: bool = False
    processes: int = 2
    chunk_bytes: int = MIB // 2
    in_flight: int = 8
    rate: int = 0
    """Bytes of payload per second of all processes together; 0 is no limit. Bandwidth that is shared with other copies says another."""


@dataclass(frozen=True)
class Done:
    """These ranges are flushed; the numbers are the bytes they add."""

    ranges: Extents
    moved: int
    skipped: int
    zeroed: int


@dataclass(frozen=True)
class Progress:
    """Totals of the whole copy so far, flushed or not, in bytes."""

    moved: int
    skipped: int
    zeroed: int


@dataclass(frozen=True)
class CopyResult:
    """How a copy ended: with everything done, or with the first failure. `done` holds the flushed ranges either way."""

    done: Extents
    moved: int
    skipped: int
    zeroed: int
    failure: CopyFailure | None = None
    peak_rss: int = 0
    """Bytes of memory of all processes at their largest."""


@dataclass(frozen=True)
class CopyFailure:
    """What ended a copy early. `kind` None: a process died without a word."""

    kind: Kind | None
    message: str
    offset: int | None = None
    errno: int | None = None


OnEvent = Callable[[Done | Progress], Awaitable[None]]


async def copy_disk(children: Children, job: CopyJob, on_event: OnEvent, bandwidth: Bandwidth | None = None) -> CopyResult:
    """Copies one disk and returns how that ended; every process has been reaped by then, also when this call is cancelled.

    It shares the `bandwidth` with the other disks of its VM (all that have the same folder in their owner's name) and with other VMs.
    On cancel the processes may flush and report for GRACE seconds, then they are killed. What `on_event` raises ends the copy,
    and so does what finding out the work raises.
    """
    crew = _Crew(children, job, on_event)
    if bandwidth is None:
        return await crew.work()
    with bandwidth.shared(job.owner.rpartition("/")[0], crew.slow):
        return await crew.work()


async def allocated(source: Source) -> tuple[int, Extents]:
    """Capacity in bytes and what may hold data, asked in a thread, which ends at the latest with the source. Raises CopyError."""
    return await asyncio.to_thread(allocation.allocated, source)


@dataclass(eq=False)
class _Mover:
    """One process and what it said last."""

    child: Child
    totals: Progress = Progress(0, 0, 0)
    finished: bool = False
    peak_rss: int = 0


class _Crew:
    """The processes of one copy."""

    def __init__(self, children: Children, job: CopyJob, on_event: OnEvent) -> None:
        self.children, self.job, self.on_event = children, job, on_event
        self.shares = asyncio.ensure_future(_divided(job.work))
        self.movers: list[_Mover] = []
        self.rate = job.rate
        self.done: list[Extent] = []
        self.durable = Progress(0, 0, 0)
        self.failure: CopyFailure | None = None

    async def work(self) -> CopyResult:
        hearing: set[asyncio.Task[None]] = set()
        try:
            for targets in _dealt(self.job.targets, self.job.processes):
                hearing.add(asyncio.create_task(self._hear(await self._start(targets))))
            await self._until_decided(hearing)
        finally:
            await to_its_end(self._end(hearing))
        return CopyResult(Extents.of(self.done), **vars(self.durable), failure=self.failure, peak_rss=self._peak_rss())

    def slow(self, rate: int) -> None:
        """Another rate from now on, in bytes per second of all processes together."""
        self.rate = rate
        for mover in self.movers:
            if mover.child.returncode is None and not mover.finished:
                _order(mover.child, {"rate": self._rate_of_one()})

    def _rate_of_one(self) -> int:
        return -(-self.rate // len(_dealt(self.job.targets, self.job.processes)))

    async def _until_decided(self, hearing: set[asyncio.Task[None]]) -> None:
        while hearing and self.failure is None:
            ended, hearing = await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()

    async def _end(self, hearing: set[asyncio.Task[None]]) -> None:
        self.shares.cancel()
        for mover in self.movers:
            if mover.child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    mover.child.process.terminate()
        if hearing:
            await asyncio.wait(hearing, timeout=GRACE)
        for task in hearing:
            task.cancel()
        for mover in self.movers:
            await mover.child.kill()
        await asyncio.gather(*hearing, return_exceptions=True)

    async def _start(self, targets: tuple[Target, ...]) -> _Mover:
        pipe, env = asyncio.subprocess.PIPE, process_environment()
        child = await self.children.spawn(self.job.owner, ARGV, stdin=pipe, stdout=pipe, stderr=None, env=env, limit=LINE_LIMIT)
        mover = _Mover(child)
        self.movers.append(mover)
        await _say(child, {**self._document(targets), "more": True})
        return mover

    def _document(self, targets: tuple[Target, ...]) -> dict[str, object]:
        job = self.job
        return {
            "source": asdict(job.source),
            "targets": [asdict(target) for target in targets],
            "target_is_zero": job.target_is_zero,
            "chunk_bytes": job.chunk_bytes,
            "in_flight": job.in_flight,
            "rate": self._rate_of_one(),
        }

    async def _hear(self, mover: _Mover) -> None:
        stdout = mover.child.process.stdout
        assert stdout is not None
        async for line in stdout:
            await self._heard(mover, json.loads(line))
        code = await mover.child.wait()
        if not mover.finished and self.failure is None:
            self.failure = CopyFailure(None, f"a copying process ended without a word, with code {code}")

    async def _heard(self, mover: _Mover, event: dict[str, Any]) -> None:
        match event["event"]:
            case "hungry":
                await self._feed(mover)
            case "done":
                await self._account(Done(Extents.parse(event["ranges"]), event["moved"], event["skipped"], event["zeroed"]))
            case "progress":
                mover.totals = Progress(event["moved"], event["skipped"], event["zeroed"])
                await self.on_event(_sum(mover.totals for mover in self.movers))
            case "finished" | "stopped":
                mover.finished, mover.peak_rss = True, event["peak_rss"]
            case "error":
                mover.finished = True
                self.failure = self.failure or CopyFailure(Kind(event["kind"]), event["message"], event["offset"], event["errno"])

    async def _feed(self, mover: _Mover) -> None:
        work = next(await asyncio.shield(self.shares), None)
        if work is None:
            await _say(mover.child, {"end": True})
        else:
            await _say(mover.child, {"read": work.read.pairs(), "zero": work.zero.pairs()})

    async def _account(self, done: Done) -> None:
        self.done.extend(done.ranges)
        self.durable = _sum((self.durable, Progress(done.moved, done.skipped, done.zeroed)))
        await self.on_event(done)

    def _peak_rss(self) -> int:
        return sum(mover.peak_rss for mover in self.movers)


@cache
def process_environment() -> dict[str, str]:
    """Where Python without `site` finds this package and libnbd."""
    folders = [Path(appliance.__file__).parents[1]]
    folders += [Path(spec.origin).parent for spec in [find_spec("nbd")] if spec is not None and spec.origin is not None]
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


async def _divided(work: Work | Awaitable[Work]) -> Iterator[Work]:
    return _shares(work if isinstance(work, Work) else await work)


def _shares(work: Work) -> Iterator[Work]:
    """The work in shares that are handed out one by one to whoever asks."""
    for read, zero in zip_longest(work.read.batches(READ_SHARE), work.zero.batches(ZERO_SHARE), fillvalue=NOTHING):
        yield Work(read, zero)


def _dealt(targets: tuple[Target, ...], processes: int) -> list[tuple[Target, ...]]:
    """The targets of each process; never more processes than targets."""
    return [targets[start::processes] for start in range(min(processes, len(targets)))]


def _sum(several: Iterable[Progress]) -> Progress:
    moved, skipped, zeroed = (sum(numbers) for numbers in zip(*((one.moved, one.skipped, one.zeroed) for one in several), strict=True))
    return Progress(moved, skipped, zeroed)


def _order(child: Child, document: dict[str, object]) -> asyncio.StreamWriter:
    """Writes one line to a process."""
    stdin = child.process.stdin
    assert stdin is not None
    stdin.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
    return stdin


async def _say(child: Child, document: dict[str, object]) -> None:
    """Writes one line to a process and waits until it is taken; one that has ended will be noticed by its silence."""
    with contextlib.suppress(ConnectionError):
        await _order(child, document).drain()
