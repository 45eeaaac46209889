"""Increments: their arithmetic, and a few of the thousand for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.increments import Increment, outcome, run_increments

GOOD = Increment(("incremental",), 1000, 1000, 1.0)


@pytest.mark.parametrize(
    ("one", "good"),
    [
        (GOOD, True),
        (Increment(("incremental", "incremental"), 1000, 1050, 1.0), True),
        (Increment(("incremental",), 1000, 1051, 1.0), False),
        (Increment(("incremental", "full"), 1000, 1000, 1.0), False),
        (Increment(("failed",), 1000, 0, 1.0), False),
        (Increment((), 1000, 0, 1.0), False),
    ],
)
def test_an_increment_counts_when_it_is_one_and_moves_hardly_more_than_what_changed(one: Increment, good: bool) -> None:
    assert one.is_good is good


def test_the_outcome_counts_sums_and_names_the_worst() -> None:
    found = outcome([GOOD] * 98 + [Increment(("full",), 1000, 9000, 3.0), Increment(("incremental",), 1000, 1040, 2.0)])
    assert (found["cycles"], found["incremental"], found["good"]) == (100, 99, 99)
    assert (found["changed_bytes"], found["moved_bytes"], found["ratio"], found["worst_ratio"]) == (100_000, 108_040, 1.0804, 9.0)
    assert (found["median_s"], found["p99_s"]) == (1.0, 3.0)


@pytest.mark.lab
@pytest.mark.timeout(900)
async def test_increments_stay_increments(tmp_path: Path) -> None:
    cycles = await run_increments(tmp_path, 20)
    assert [one for one in cycles if not one.is_good] == []
