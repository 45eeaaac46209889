"""Extents behave like the sets of bytes they stand for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.replication.extents import Extent, Extents

CAPACITY = 96
pairs = st.lists(st.tuples(st.integers(0, CAPACITY), st.integers(0, 20)), max_size=12)
some = pairs.map(Extents.of)


def bytes_of(extents: Extents) -> set[int]:
    return {byte for offset, length in extents for byte in range(offset, offset + length)}


@given(pairs)
def test_any_pairs_become_sorted_extents_that_do_not_touch(raw: list[tuple[int, int]]) -> None:
    extents = Extents.of(raw)
    assert bytes_of(extents) == {byte for offset, length in raw for byte in range(offset, offset + length)}
    items = extents.items
    assert all(left.end < right.offset for left, right in pairwise(items))
    assert all(extent.length > 0 for extent in items)


@given(some, some)
def test_set_operations_agree_with_sets_of_bytes(left: Extents, right: Extents) -> None:
    assert bytes_of(left | right) == bytes_of(left) | bytes_of(right)
    assert bytes_of(left & right) == bytes_of(left) & bytes_of(right)
    assert bytes_of(left - right) == bytes_of(left) - bytes_of(right)


@given(some, some)
def test_results_are_normalised_too(left: Extents, right: Extents) -> None:
    for result in (left | right, left & right, left - right, left.clip(40), left.aligned(8)):
        assert result == Extents.of(result.items)


@given(some, st.integers(0, CAPACITY + 20))
def test_clip_drops_what_lies_beyond_the_capacity(extents: Extents, capacity: int) -> None:
    assert bytes_of(extents.clip(capacity)) == {byte for byte in bytes_of(extents) if byte < capacity}


@given(some, st.integers(1, 17))
def test_chunks_are_the_same_bytes_cut_at_multiples_of_the_size(extents: Extents, size: int) -> None:
    chunks = list(extents.chunks(size))
    assert Extents.of(chunks) == extents
    assert sum(chunk.length for chunk in chunks) == extents.total
    assert all(chunk.offset // size == (chunk.end - 1) // size for chunk in chunks)


@given(some, st.integers(1, 40))
def test_batches_follow_each_other_and_none_is_larger_than_asked(extents: Extents, size: int) -> None:
    batches = list(extents.batches(size))
    assert all(0 < batch.total <= size for batch in batches)
    assert [byte for batch in batches for byte in sorted(bytes_of(batch))] == sorted(bytes_of(extents))


@given(some, st.integers(1, 16))
def test_aligned_touches_exactly_the_blocks_that_hold_a_byte(extents: Extents, block: int) -> None:
    blocks = {byte // block for byte in bytes_of(extents)}
    assert bytes_of(extents.aligned(block)) == {byte for number in blocks for byte in range(number * block, (number + 1) * block)}


@given(some)
def test_json_brings_back_the_same_extents(extents: Extents) -> None:
    assert Extents.from_json(extents.to_json()) == extents


@given(some, some)
def test_covers_says_whether_nothing_is_missing(left: Extents, right: Extents) -> None:
    assert left.covers(right) == (bytes_of(right) <= bytes_of(left))


@given(some)
def test_total_and_end_count_bytes(extents: Extents) -> None:
    assert extents.total == len(bytes_of(extents))
    assert extents.end == max(bytes_of(extents), default=-1) + 1


def test_a_terabyte_is_one_extent_and_is_cut_without_a_list() -> None:
    whole = Extents.whole(1 << 40)
    assert len(whole) == 1
    assert next(whole.chunks(1 << 20)) == Extent(0, 1 << 20)


@pytest.mark.parametrize("pair", [(-1, 4), (4, -1)])
def test_negative_numbers_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        Extents.of([pair])


@pytest.mark.parametrize("text", ["{}", "[1]", "[[1]]", '[["1", 2]]', "[[1.5, 2]]", "[[true, 2]]", "[[1, 2, 3]]", "[[1, 2]"])
def test_anything_else_in_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Extents.from_json(text)
