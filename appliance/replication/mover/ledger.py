"""What one connection has written and when it counts: a range is done only after a flush that began later and succeeded. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.replication.extents import Extent, Extents

FLUSH_AGE = 1.0
"""Seconds after which even a little is flushed, so that slow copies are resumed where they were."""


@dataclass(slots=True)
class Tally:
    """Bytes of payload moved, zeroed without payload, and skipped."""

    moved: int = 0
    zeroed: int = 0
    skipped: int = 0

    def add(self, other: Tally) -> None:
        """Counts the other's bytes too."""
        self.moved += other.moved
        self.zeroed += other.zeroed
        self.skipped += other.skipped

    def fields(self) -> dict[str, object]:
        """The numbers as fields of an event."""
        return {"moved": self.moved, "skipped": self.skipped, "zeroed": self.zeroed}


@dataclass(slots=True)
class Batch:
    """Ranges that are flushed together, and what they cost."""

    extents: list[Extent] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def ranges(self) -> Extents:
        """The ranges, merged."""
        return Extents.of(self.extents)


class Ledger:
    """The books of one connection: open (written), closing (a flush is on its way), and then done."""

    def __init__(self, flush_bytes: int) -> None:
        self.flush_bytes = flush_bytes
        self.open, self.closing = Batch(), Batch()
        self.since = 0.0

    def wrote(self, extent: Extent, tally: Tally, now: float) -> None:
        """Every request of this range was answered by the server."""
        if not self.open.extents:
            self.since = now
        self.open.extents.append(extent)
        self.open.tally.add(tally)

    @property
    def clean(self) -> bool:
        """Whether nothing waits for a flush."""
        return not self.open.extents and not self.closing.extents

    @property
    def full(self) -> bool:
        """Whether more may not be written until a flush ends: the limit on what a crash costs."""
        return self.open.tally.moved + self.closing.tally.moved >= 3 * self.flush_bytes

    def due(self, now: float, last: bool) -> bool:
        """Whether a flush should begin; `last` when nothing more will be written before it."""
        if not self.open.extents or self.closing.extents:
            return False
        return last or self.open.tally.moved >= self.flush_bytes or now - self.since >= FLUSH_AGE

    def begin(self) -> None:
        """A flush begins: it covers what was answered before it."""
        self.closing, self.open = self.open, Batch()

    def finish(self) -> Batch:
        """The flush succeeded: what is done now."""
        done, self.closing = self.closing, Batch()
        return done
