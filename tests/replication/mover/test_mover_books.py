"""The pure parts of the mover: zero runs, the books of a connection, the work ahead, the rate."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.replication.extents import Extent, Extents
from appliance.replication.mover.feed import ZERO_PIECE, Feed
from appliance.replication.mover.ledger import FLUSH_AGE, Ledger, Tally
from appliance.replication.mover.protocol import GRAIN, MIB, Work
from appliance.replication.mover.throttle import BURST, Throttle
from appliance.replication.mover.zeros import Run, runs


@given(st.integers(0, 3 * GRAIN), st.integers(1, 5 * GRAIN), st.sets(st.integers(0, 8)))
def test_runs_cover_the_chunk_and_change_only_at_blocks_of_the_disk(offset: int, length: int, data: set[int]) -> None:
    found = list(runs(offset, length, lambda start, size: (offset + start) // GRAIN not in data))
    assert found[0].start == 0 and found[-1].stop == length
    for left, right in pairwise(found):
        assert left.stop == right.start and left.zero != right.zero and (offset + right.start) % GRAIN == 0
    for run in found:
        touched = range((offset + run.start) // GRAIN, (offset + run.stop - 1) // GRAIN + 1)
        assert all((number not in data) == run.zero for number in touched)


def test_a_chunk_without_zeros_is_one_run() -> None:
    assert list(runs(0, MIB, lambda _start, _size: False)) == [Run(0, MIB, False)]


def test_a_range_written_after_a_flush_began_is_not_done_by_it() -> None:
    ledger = Ledger(MIB)
    ledger.wrote(Extent(0, MIB), Tally(moved=MIB), 0)
    ledger.begin()
    ledger.wrote(Extent(MIB, MIB), Tally(moved=MIB), 0)
    done = ledger.finish()
    assert done.ranges() == Extents.whole(MIB)
    assert done.tally.moved == MIB
    assert not ledger.clean


def test_a_flush_is_due_by_bytes_by_age_or_at_the_end() -> None:
    ledger = Ledger(MIB)
    assert not ledger.due(0, last=True)
    ledger.wrote(Extent(0, 512), Tally(moved=512), now=10)
    assert not ledger.due(10, last=False)
    assert ledger.due(10, last=True)
    assert ledger.due(10 + FLUSH_AGE, last=False)
    ledger.wrote(Extent(MIB, MIB), Tally(moved=MIB), now=10)
    assert ledger.due(10, last=False)
    ledger.begin()
    assert not ledger.due(100, last=True)


def test_a_slow_flush_holds_back_more_writes() -> None:
    ledger = Ledger(MIB)
    for number in range(3):
        assert not ledger.full
        ledger.wrote(Extent(number * MIB, MIB), Tally(moved=MIB), 0)
    assert ledger.full


def test_work_is_cut_into_requests_and_hunger_is_told_once() -> None:
    feed = Feed(Work(Extents.whole(2 * MIB), Extents.of([(ZERO_PIECE, 2 * ZERO_PIECE)])), more=True, chunk_bytes=MIB)
    assert not feed.hungry()
    assert [feed.read(), feed.read(), feed.read()] == [(0, MIB), (MIB, MIB), None]
    assert [feed.zero(), feed.zero(), feed.zero()] == [(ZERO_PIECE, ZERO_PIECE), (2 * ZERO_PIECE, ZERO_PIECE), None]
    assert feed.hungry()
    assert not feed.hungry()
    assert not feed.empty
    feed.add(Work(read=Extents.of([(5, 5)])))
    assert feed.read() == (5, 5)
    assert feed.hungry()
    feed.end()
    assert feed.empty


def test_the_rate_makes_payload_wait_and_no_rate_does_not() -> None:
    throttle = Throttle(100)
    throttle.spend(60, now=1)
    assert throttle.wait(1) == pytest.approx(0.5)
    assert throttle.wait(2) == 0
    throttle.change(0, now=2)
    throttle.spend(1000, now=2)
    assert throttle.wait(2) == 0


def test_what_is_owed_is_owed_at_another_rate_too_and_zeros_are_given_back() -> None:
    throttle = Throttle(100)
    throttle.spend(110, now=1)
    throttle.change(50, now=1)
    assert throttle.wait(1) == pytest.approx(2)
    throttle.refund(50)
    assert throttle.wait(1) == pytest.approx(1)


@given(st.lists(st.floats(0, 0.5), min_size=5, max_size=200), st.integers(1, 40))
def test_no_more_is_begun_than_the_rate_allows_however_late_its_owner_wakes(pauses: list[float], request: int) -> None:
    throttle, now, begun = Throttle(100), 1000.0, 0
    for pause in pauses:
        while not throttle.wait(now):
            throttle.spend(request, now)
            begun += request
        assert begun <= 100 * (now - 1000 + BURST) + request + 1e-3
        now += max(pause, throttle.wait(now))
