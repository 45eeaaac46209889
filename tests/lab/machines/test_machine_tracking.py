"""Changed blocks without any disk: unions, whole blocks, moments; and that they survive in the file."""

import itertools
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lab.machines.state import ChangePoint, Snapshot, State, load, save
from appliance.lab.machines.tracking import Extent, Track, UnknownPoint, union, whole_blocks

BLOCK = 64 << 10
extents = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 10)), max_size=12)


@given(extents)
def test_a_union_has_the_same_bytes_and_gaps_between(given_extents: list[Extent]) -> None:
    joined = union(given_extents)
    assert {at for offset, length in joined for at in range(offset, offset + length)} == {
        at for offset, length in given_extents for at in range(offset, offset + length)
    }
    assert all(sum(before) < after[0] for before, after in itertools.pairwise(joined))


def test_whole_blocks_end_with_the_disk() -> None:
    assert whole_blocks([(5, 1), (BLOCK - 1, 2), (10 * BLOCK, 7)], 10 * BLOCK + 7) == [(0, 2 * BLOCK), (10 * BLOCK, 7)]


def test_changes_between_moments_are_those_of_the_intervals_between() -> None:
    track = Track()
    for number in range(3):
        track.add([(number * BLOCK, BLOCK)])
        track.close()
    track.add([(9 * BLOCK, BLOCK)])
    assert track.between(1, 1) == []
    assert track.between(2, 3) == [(BLOCK, BLOCK)]
    assert track.between(2, None) == [(BLOCK, 2 * BLOCK), (9 * BLOCK, BLOCK)]


@pytest.mark.parametrize(("since", "until"), [(0, 1), (2, 1), (1, 3), (3, None)])
def test_moments_that_were_not_are_refused(since: int, until: int | None) -> None:
    track = Track()
    track.close()
    with pytest.raises(UnknownPoint):
        track.between(since, until)


def test_what_is_remembered_is_the_same_after_reading_it_again(tmp_path: Path) -> None:
    track = Track(running=[(0, BLOCK)])
    track.close()
    snapshot = Snapshot("job-1", {2000: ChangePoint(UUID(int=5), 2)}, overlay=1)
    state = State({2000: 10 * BLOCK}, on=True, overlays_made=1, snapshots=[snapshot], tracks={2000: track})
    save(tmp_path / "machine.json", state)
    assert load(tmp_path / "machine.json", {2000: 1}) == state
