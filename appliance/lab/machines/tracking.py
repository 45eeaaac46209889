"""Which blocks of a disk changed between which moments (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from appliance.lab.machines.blocks import GRANULARITY

Extent = tuple[int, int]  # offset and length in bytes


class UnknownPoint(Exception):
    """Changes were asked for since a moment that is not of this epoch, or while changes are not tracked."""


def union(extents: Iterable[Extent]) -> list[Extent]:
    """The same bytes as ordered extents that neither overlap nor touch."""
    joined: list[Extent] = []
    for offset, length in sorted(extents):
        if joined and offset <= sum(joined[-1]):
            begin, so_far = joined[-1]
            joined[-1] = (begin, max(so_far, offset + length - begin))
        else:
            joined.append((offset, length))
    return joined


def whole_blocks(extents: Iterable[Extent], capacity: int) -> list[Extent]:
    """The blocks that hold these bytes, as extents; the last block of a disk may be a short one."""
    blocks = []
    for offset, length in extents:
        begin = offset - offset % GRANULARITY
        end = min(-(-(offset + length) // GRANULARITY) * GRANULARITY, capacity)
        blocks.append((begin, end - begin))
    return union(blocks)


@dataclass
class Track:
    """The changes of one disk in one epoch. Moment 1 is the epoch's beginning; interval N lies between the moments N and N + 1."""

    epoch: UUID = field(default_factory=uuid4)
    sequence: int = 1
    closed: dict[int, list[Extent]] = field(default_factory=dict)
    running: list[Extent] = field(default_factory=list)

    def add(self, extents: Sequence[Extent]) -> None:
        """Something was written in the interval that runs."""
        self.running = union([*self.running, *extents])

    def close(self) -> int:
        """A new moment: the running interval ends and another begins; returns the moment's number."""
        self.closed[self.sequence] = self.running
        self.running = []
        self.sequence += 1
        return self.sequence

    def between(self, since: int, until: int | None) -> list[Extent]:
        """What was written from one moment to another (None: now); raises UnknownPoint for a moment that was not."""
        end = self.sequence if until is None else until
        if not 1 <= since <= end <= self.sequence:
            raise UnknownPoint(f"this epoch has no moments {since} and {end} in this order; its last is {self.sequence}")
        intervals = [self.closed[number] for number in range(since, end)]
        return union(extent for interval in (*intervals, *([self.running] if until is None else [])) for extent in interval)
