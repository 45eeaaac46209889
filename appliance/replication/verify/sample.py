"""Which blocks of a disk a sample consists of. Pure; chance comes in as an argument."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from itertools import accumulate

from appliance.replication.extents import Extents

DRAWS = 4
"""Times as many draws as blocks are wanted: some hit the same block again."""


def size(capacity: int, block: int, share: float, most_bytes: int, least_blocks: int) -> int:
    """How many blocks of a disk are sampled."""
    return max(least_blocks, int(min(most_bytes, capacity * share)) // block)


def sample(changed: Extents, capacity: int, block: int, blocks: int, draw: Callable[[int], int]) -> Extents:
    """About so many blocks, half of them among those that the cycle wrote, the others anywhere.

    `draw(n)` is a number from 0 to n - 1. A disk that has no more blocks than that is taken whole.
    """
    whole = Extents.whole(capacity)
    if capacity <= blocks * block:
        return whole
    written = _some(changed.clip(capacity), block, blocks // 2, draw)
    anywhere = _some(whole, block, blocks - len(written), draw)
    return Extents.of((number * block, block) for number in written | anywhere).clip(capacity)


def _some(extents: Extents, block: int, wanted: int, draw: Callable[[int], int]) -> set[int]:
    """Numbers of blocks that hold bytes of the set, each byte as likely as any other."""
    found: set[int] = set()
    ends = list(accumulate(one.length for one in extents))
    for _ in range(wanted * DRAWS if ends else 0):
        if len(found) >= wanted:
            break
        place = draw(ends[-1])
        index = bisect(ends, place)
        found.add((extents.items[index].end - (ends[index] - place)) // block)
    return found
