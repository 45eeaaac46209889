"""Which parts of a chunk carry data. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from appliance.replication.mover.protocol import GRAIN


class Run(NamedTuple):
    """A part of a chunk: where it begins and ends within the chunk, and whether it reads as zero."""

    start: int
    stop: int
    zero: bool


def runs(offset: int, length: int, is_zero: Callable[[int, int], bool]) -> Iterator[Run]:
    """The chunk at `offset` of the disk as runs of data and of zeros, told apart in blocks of GRAIN bytes of the disk.

    `is_zero(start, size)` looks at a part of the chunk.
    """
    start, kind = 0, None
    at = 0
    while at < length:
        step = min(GRAIN - (offset + at) % GRAIN, length - at)
        zero = is_zero(at, step)
        if kind is not None and zero != kind:
            yield Run(start, at, kind)
            start = at
        kind = zero
        at += step
    if kind is not None:
        yield Run(start, length, kind)
