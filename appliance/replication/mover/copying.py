"""The copy itself: reads, finds zeros, writes, flushes, all without waiting for one before the next."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import nbd

from appliance.replication.extents import Extent
from appliance.replication.mover.feed import Feed
from appliance.replication.mover.lane import Lane
from appliance.replication.mover.ledger import Batch, Tally
from appliance.replication.mover.links import Link
from appliance.replication.mover.protocol import CopyError, Job, Order, refused
from appliance.replication.mover.throttle import Throttle
from appliance.replication.mover.zeros import Run, runs

ZEROES_IN_FLIGHT = 4
PROGRESS_TIME = 0.5
DRAIN_TIME = 10.0
"""Seconds in which, after an error, what was written must be flushed."""

Report = Callable[[str, dict[str, object]], None]


@dataclass(slots=True, eq=False)
class Chunk:
    """A range on its way: its buffer, and how many requests for it are unanswered."""

    extent: Extent
    memory: bytearray | None = None
    buffer: nbd.Buffer | None = None
    source: Link | None = None
    lane: Lane | None = None
    unanswered: int = 0
    failed: bool = False
    tally: Tally = field(default_factory=Tally)


class Copy:
    """One job between connections that are ready. `advance` begins what can be begun; completions arrive between calls of it."""

    def __init__(self, job: Job, sources: Sequence[Link], targets: Sequence[Link], report: Report) -> None:
        self.job, self.report = job, report
        self.sources = sources
        self.lanes = [Lane(link, job.flush_bytes, self._done, partial(self._flush_failed, link)) for link in targets]
        self.feed = Feed(job.work, job.more, job.chunk_bytes)
        self.throttle = Throttle(job.rate)
        self.total = Tally()
        self.failure: CopyError | None = None
        self._idle = [bytearray(job.chunk_bytes) for _ in range(job.in_flight)]
        self._arrived: deque[Chunk] = deque()
        self._troubles: deque[tuple[Link, int, int | None]] = deque()  # noted in completions, where libnbd may not be asked
        self._zeroing = 0
        self._stopped_at: float | None = None
        self._told_at = 0.0
        self.capacity = min(int(link.handle.get_size()) for link in (*sources, *targets))
        self._check(job.work.end)

    @property
    def links(self) -> list[Link]:
        """Every connection that stands."""
        return [link for link in (*self.sources, *(lane.link for lane in self.lanes)) if link.alive]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do or, after a stop, to wait for."""
        if self._stopped_at is not None and time.monotonic() > self._stopped_at + DRAIN_TIME:
            return True
        return not self._troubles and self._nothing_to_begin and not self._under_way and all(lane.settled for lane in self.lanes)

    @property
    def _nothing_to_begin(self) -> bool:
        return self._stopped_at is not None or self.feed.empty

    @property
    def _under_way(self) -> bool:
        return len(self._idle) < self.job.in_flight or self._zeroing > 0

    def obey(self, order: Order) -> None:
        """More work, its end, or another rate. Raises CopyError (refused) for work beyond the disk."""
        if order.work is not None:
            if not self.feed.more:
                raise refused("more work came for a job that takes none")
            self._check(order.work.end)
            self.feed.add(order.work)
        if order.end:
            self.feed.end()
        if order.rate is not None:
            self.throttle.change(order.rate, time.monotonic())

    def stop(self) -> None:
        """Begins nothing more; what was read is still written and flushed."""
        self._stopped_at = self._stopped_at or time.monotonic()

    def fail(self, failure: CopyError) -> None:
        """Stops because of the first failure."""
        self.failure = self.failure or failure
        self.stop()

    def advance(self) -> float:
        """Begins what can be begun; returns the seconds after which to call again even if nothing happens."""
        now = time.monotonic()
        try:
            self._notice_trouble()
            while self._arrived:
                self._write(self._arrived.popleft())
            if self._stopped_at is None:
                self._begin(now)
            for lane in self.lanes:
                lane.flush_if_due(now, self._nothing_to_begin and not self._under_way)
        except CopyError as failure:
            self.fail(failure)
        self._tell(now)
        return min(self.throttle.wait(now) or PROGRESS_TIME, PROGRESS_TIME)

    def _check(self, end: int) -> None:
        if end > self.capacity:
            raise refused(f"the work reaches byte {end}, but one side has only {self.capacity} bytes")

    def _notice_trouble(self) -> None:
        while self._troubles:
            link, errno, offset = self._troubles.popleft()
            self.fail(link.error(errno, offset))
        for link in (*self.sources, *(lane.link for lane in self.lanes)):
            if not link.alive and self.failure is None:
                self.fail(link.error(0, None))

    def _begin(self, now: float) -> None:
        while self._zeroing < ZEROES_IN_FLIGHT and (extent := self.feed.zero()):
            self._zero(extent)
        while self._idle and not self.throttle.wait(now) and self._open_lanes() and (extent := self.feed.read()):
            self._read(extent)

    def _open_lanes(self) -> list[Lane]:
        return [lane for lane in self.lanes if lane.sound and not lane.ledger.full]

    def _best_lane(self) -> Lane:
        lanes = [lane for lane in self.lanes if lane.sound]
        if not lanes:
            raise self.lanes[0].link.error(0, None)
        return min(lanes, key=lambda lane: lane.link.busy)

    def _zero(self, extent: Extent) -> None:
        self._zeroing += 1
        self._send(Chunk(extent), [Run(0, extent.length, True)])

    def _read(self, extent: Extent) -> None:
        self.throttle.spend(extent.length, time.monotonic())
        source, memory = min(self.sources, key=lambda link: link.busy), self._idle.pop()
        buffer = nbd.Buffer.from_buffer(memoryview(memory)[: extent.length])
        chunk = Chunk(extent, memory, buffer, source)
        try:
            source.pread(buffer, extent.offset, partial(self._was_read, chunk))
        except CopyError:
            self._release(chunk)
            raise

    def _was_read(self, chunk: Chunk, errno: int) -> None:
        if errno:
            assert chunk.source is not None
            self._troubles.append((chunk.source, errno, chunk.extent.offset))
            self._release(chunk)
        else:
            self._arrived.append(chunk)

    def _write(self, chunk: Chunk) -> None:
        assert chunk.buffer is not None
        self._send(chunk, runs(*chunk.extent, chunk.buffer.is_zero))
        self.throttle.refund(chunk.extent.length - chunk.tally.moved)

    def _send(self, chunk: Chunk, parts: Iterable[Run]) -> None:
        chunk.unanswered = 1
        try:
            chunk.lane = self._best_lane()
            for part in parts:
                if part.zero:
                    self._put_zero(chunk, Extent(chunk.extent.offset + part.start, part.stop - part.start))
                else:
                    self._put_data(chunk, part.start, part.stop)
        except CopyError:
            chunk.failed = True
            raise
        finally:
            self._answered(chunk, 0)

    def _put_data(self, chunk: Chunk, start: int, stop: int) -> None:
        assert chunk.lane is not None and chunk.memory is not None
        part = nbd.Buffer.from_buffer(memoryview(chunk.memory)[start:stop])
        chunk.lane.write(part, chunk.extent.offset + start, partial(self._answered, chunk))
        chunk.unanswered += 1
        chunk.tally.moved += stop - start

    def _put_zero(self, chunk: Chunk, extent: Extent) -> None:
        if self.job.target_is_zero:
            chunk.tally.skipped += extent.length
            return
        assert chunk.lane is not None
        chunk.lane.zero(extent, partial(self._answered, chunk))
        chunk.unanswered += 1
        chunk.tally.zeroed += extent.length

    def _answered(self, chunk: Chunk, errno: int) -> None:
        if errno:
            assert chunk.lane is not None
            chunk.failed = True
            self._troubles.append((chunk.lane.link, errno, chunk.extent.offset))
        chunk.unanswered -= 1
        if chunk.unanswered:
            return
        if not chunk.failed and chunk.lane is not None:
            self.total.add(chunk.tally)
            chunk.lane.wrote(chunk.extent, chunk.tally, time.monotonic())
        self._release(chunk)

    def _release(self, chunk: Chunk) -> None:
        if chunk.memory is None:
            self._zeroing -= 1
        else:
            self._idle.append(chunk.memory)

    def _flush_failed(self, link: Link, errno: int) -> None:
        self._troubles.append((link, errno, None))

    def _done(self, batch: Batch) -> None:
        self.report("done", {"ranges": batch.ranges().pairs(), **batch.tally.fields()})

    def _tell(self, now: float) -> None:
        if self._stopped_at is None and self.feed.hungry():
            self.report("hungry", {})
        if now - self._told_at >= PROGRESS_TIME:
            self._told_at = now
            self.report("progress", self.total.fields())
