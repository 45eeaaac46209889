"""Extent arithmetic: which bytes of a disk, as half-open ranges. Pure; everything in bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Extent(NamedTuple):
    """One half-open range of bytes: from `offset`, `length` of them."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first byte after the extent."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Extents:
    """A set of bytes of a disk, as sorted extents that neither overlap nor touch. Made by `Extents.of` and `Extents.whole`."""

    items: tuple[Extent, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Extents:
        """The union of (offset, length) pairs in any order; empty ones vanish. Raises ValueError when one is negative."""
        return cls(tuple(_merged(sorted(Extent(offset, length) for offset, length in pairs))))

    @classmethod
    def whole(cls, capacity: int) -> Extents:
        """Every byte of a disk of this capacity."""
        return cls.of([(0, capacity)])

    @classmethod
    def from_json(cls, text: str) -> Extents:
        """What `to_json` wrote. Raises ValueError when the text is anything else."""
        return cls.parse(json.loads(text))

    @classmethod
    def parse(cls, value: object) -> Extents:
        """Extents from decoded JSON, a list of [offset, length]. Raises ValueError when it is anything else."""
        if not isinstance(value, list):
            raise ValueError("extents are a list of [offset, length]")
        return cls.of(_pair(item) for item in value)

    def to_json(self) -> str:
        """A list of [offset, length] as JSON text."""
        return json.dumps(self.pairs(), separators=(",", ":"))

    def pairs(self) -> list[list[int]]:
        """A list of [offset, length] that the json module can write."""
        return [[offset, length] for offset, length in self.items]

    def __iter__(self) -> Iterator[Extent]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __or__(self, other: Extents) -> Extents:
        return Extents.of((*self.items, *other.items))

    def __and__(self, other: Extents) -> Extents:
        return Extents(tuple(_common(self.items, other.items)))

    def __sub__(self, other: Extents) -> Extents:
        return Extents(tuple(_without(self.items, other.items)))

    @property
    def total(self) -> int:
        """How many bytes are in the set."""
        return sum(extent.length for extent in self.items)

    @property
    def end(self) -> int:
        """The first byte after the last extent; 0 for the empty set."""
        return self.items[-1].end if self.items else 0

    def covers(self, other: Extents) -> bool:
        """Whether every byte of `other` is in this set."""
        return not other - self

    def clip(self, capacity: int) -> Extents:
        """What of the set lies below `capacity`."""
        return self & Extents.whole(capacity)

    def aligned(self, block: int) -> Extents:
        """The set widened outwards to multiples of `block`; clip it to the capacity where the last block is a short one."""
        return Extents.of(_widened(extent, block) for extent in self.items)

    def chunks(self, size: int) -> Iterator[Extent]:
        """The extents cut at multiples of `size`, in order, one at a time."""
        for extent in self.items:
            offset = extent.offset
            while offset < extent.end:
                stop = min(extent.end, offset - offset % size + size)
                yield Extent(offset, stop - offset)
                offset = stop

    def batches(self, size: int) -> Iterator[Extents]:
        """The set in parts of about `size` bytes that follow each other: shares to be handed out one by one."""
        batch: list[Extent] = []
        room = size
        for chunk in self.chunks(size):
            if chunk.length > room and batch:
                yield Extents.of(batch)
                batch, room = [], size
            batch.append(chunk)
            room -= chunk.length
        if batch:
            yield Extents.of(batch)


def _pair(item: object) -> tuple[int, int]:
    if isinstance(item, list) and len(item) == 2 and all(type(number) is int for number in item):
        return item[0], item[1]
    raise ValueError("an extent is [offset, length] in whole bytes")


def _widened(extent: Extent, block: int) -> tuple[int, int]:
    start = extent.offset - extent.offset % block
    return start, extent.end + -extent.end % block - start


def _merged(ordered: list[Extent]) -> Iterator[Extent]:
    start = end = 0
    for extent in ordered:
        if extent.offset < 0 or extent.length < 0:
            raise ValueError(f"an extent cannot be negative: offset {extent.offset}, length {extent.length}")
        if extent.length and extent.offset > end:
            if end > start:
                yield Extent(start, end - start)
            start, end = extent.offset, extent.end
        else:
            end = max(end, extent.end if extent.length else end)
    if end > start:
        yield Extent(start, end - start)


def _common(left: tuple[Extent, ...], right: tuple[Extent, ...]) -> Iterator[Extent]:
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].offset, right[j].offset), min(left[i].end, right[j].end)
        if start < end:
            yield Extent(start, end - start)
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1


def _without(left: tuple[Extent, ...], right: tuple[Extent, ...]) -> Iterator[Extent]:
    j = 0
    for extent in left:
        start = extent.offset
        while j < len(right) and right[j].end <= start:
            j += 1
        k = j
        while k < len(right) and right[k].offset < extent.end:
            if right[k].offset > start:
                yield Extent(start, right[k].offset - start)
            start = max(start, right[k].end)
            k += 1
        if start < extent.end:
            yield Extent(start, extent.end - start)
