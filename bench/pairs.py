"""Alternating pairs of runs and what they say. Pure, but for the runs it is given."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LARGEST_SPREAD = 0.15
"""Of the peer's own runs, as a share of their median; above it the machine was too uneasy to judge."""

Run = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Pair:
    """Seconds of one run of ours and of the peer's run beside it."""

    ours: float
    peer: float


def ratio(pairs: list[Pair]) -> float:
    """The median of the paired ratios, ours to the peer's."""
    return statistics.median(pair.ours / pair.peer for pair in pairs)


def spread(pairs: list[Pair]) -> float:
    """How far the peer's runs lie apart, as a share of their median."""
    peer = [pair.peer for pair in pairs]
    return (max(peer) - min(peer)) / statistics.median(peer)


def without_outlier(pairs: list[Pair]) -> list[Pair]:
    """All but the pair whose peer run is farthest from the peer's median; ours has no say in it."""
    median = statistics.median(pair.peer for pair in pairs)
    outlier = max(pairs, key=lambda pair: abs(pair.peer - median))
    return [pair for pair in pairs if pair is not outlier]


async def alternate(ours: Run, peer: Run, count: int, repeats: int) -> list[Pair]:
    """`count` pairs, the order changing from one to the next. While the peer's runs spread too far, the pair with the
    peer's outlier is run again, `repeats` times at most."""
    pairs: list[Pair] = []
    for number in range(count + repeats):
        if len(pairs) == count:
            if spread(pairs) <= LARGEST_SPREAD:
                break
            pairs = without_outlier(pairs)
        pairs.append(await _pair(ours, peer, ours_first=number % 2 == 0))
    return pairs


async def _pair(ours: Run, peer: Run, *, ours_first: bool) -> Pair:
    if ours_first:
        first = await ours()
        return Pair(first, await peer())
    second = await peer()
    return Pair(await ours(), second)
