"""What is due after pauses and jumps of the clock; and how starts are spread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.contract.schedules import OnMissed
from appliance.schedules.cron import timetable
from appliance.schedules.due import Due, Standing, Verdict, judge
from appliance.schedules.spread import bounded, share, starts

HOURLY = timetable("0 * * * *", "UTC")
ONCE, SKIP = OnMissed.ONCE, OnMissed.SKIP


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)


@pytest.mark.parametrize(
    ("now", "on_missed", "due", "decided_until", "next_run"),
    [
        (at(4, 59, 59), ONCE, None, at(4, 10), at(5)),
        (at(5), ONCE, Due(at(5)), at(5), at(6)),
        (at(5, 0, 59), SKIP, Due(at(5)), at(5), at(6)),
        (at(5, 20), ONCE, Due(at(5)), at(5), at(6)),
        (at(5, 20), SKIP, Due(at(5), missed=True), at(5), at(6)),
        (at(9, 20), ONCE, Due(at(9), missed_since=at(5)), at(9), at(10)),
        (at(9, 20), SKIP, Due(at(9), missed_since=at(5), missed=True), at(9), at(10)),
        (at(9, 0, 1), SKIP, Due(at(9), missed_since=at(5)), at(9), at(10)),
        (at(24 * 900, 30), ONCE, Due(at(24 * 900), missed_since=at(5)), at(24 * 900), at(24 * 900 + 1)),
    ],
)
def test_several_times_that_went_by_are_one_run_or_none(
    now: datetime, on_missed: OnMissed, due: Due | None, decided_until: datetime, next_run: datetime
) -> None:
    assert judge(HOURLY, Standing(at(4, 10), at(5)), now, on_missed) == Verdict(due, decided_until, next_run)


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(minutes=50), timedelta(hours=23)])
def test_a_clock_that_goes_back_a_little_is_waited_for(back: timedelta) -> None:
    standing = Standing(at(30), at(31))
    assert judge(HOURLY, standing, at(30) - back, ONCE) == Verdict(None, at(30), at(31))


def test_a_clock_that_was_wrong_by_years_does_not_stop_a_schedule_for_years() -> None:
    found = judge(HOURLY, Standing(at(24 * 3000), at(24 * 3000 + 1)), at(5, 30), ONCE)
    assert found == Verdict(None, at(5, 30), at(6))


def test_a_time_that_comes_twice_is_run_once() -> None:
    assert judge(HOURLY, Standing(at(4, 10), at(5)), at(5), ONCE, {at(5)}) == Verdict(None, at(5), at(6))


@given(some.lists(some.integers(-5000, 9000), min_size=1, max_size=40))
def test_however_the_clock_jumps_no_time_is_run_twice_and_each_look_gives_one_run_at_most(jumps: list[int]) -> None:
    now, standing, run = at(0, 1), Standing(at(0, 1), HOURLY.next(at(0, 1))), []
    for jump in jumps:
        now += timedelta(seconds=jump)
        verdict = judge(HOURLY, standing, now, ONCE, set(run))
        if verdict.due is not None:
            assert verdict.due.at <= now
            run.append(verdict.due.at)
        standing = Standing(verdict.decided_until, verdict.next_run)
    assert len(run) == len(set(run))


VMS = {f"ctx-{number}": 50 for number in range(40)}
MINUTE = timedelta(minutes=1)


def test_starts_are_spread_evenly_within_the_bound_and_the_same_each_time() -> None:
    found = starts("s-1", VMS, at(5), MINUTE)
    assert found == starts("s-1", dict(reversed(VMS.items())), at(5), MINUTE)
    assert all(at(5) <= one < at(5) + MINUTE for one in found.values())
    slots = sorted(int((one - at(5)) / MINUTE * len(VMS)) for one in found.values())
    assert slots == list(range(len(VMS)))


def test_schedules_with_one_vm_each_do_not_start_it_at_the_same_moment() -> None:
    found = [starts(f"s-{number}", {"ctx-1": 50}, at(5), MINUTE)["ctx-1"] for number in range(60)]
    per_second = [sum(one.second == second for one in found) for second in range(60)]
    assert max(per_second) <= 6 and len(set(found)) == 60


def test_the_higher_priority_starts_first() -> None:
    priorities = {"low": 10, "high": 90, "middle": 50}
    found = starts("s-1", priorities, at(5), MINUTE)
    assert sorted(priorities, key=lambda vm: found[vm]) == ["high", "middle", "low"]


def test_without_a_spread_all_start_when_they_are_due() -> None:
    assert set(starts("s-1", VMS, at(5), timedelta()).values()) == {at(5)}


@pytest.mark.parametrize(
    ("following", "bound"), [(at(6), MINUTE), (at(5, 1), timedelta(seconds=30)), (at(5, 0, 10), timedelta(seconds=5)), (None, MINUTE)]
)
def test_starts_are_spread_over_half_the_time_until_the_next_at_most(following: datetime | None, bound: timedelta) -> None:
    assert bounded(MINUTE, at(5), following) == bound


@given(some.text(), some.text())
def test_a_share_is_a_number_from_zero_to_less_than_one(schedule: str, vm: str) -> None:
    assert 0 <= share(schedule, vm) < 1
