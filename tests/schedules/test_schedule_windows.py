"""Whether a moment lies in a window: in its zone, over midnight, where clocks are changed; and which limit holds then."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from appliance.contract.errors import Fault
from appliance.contract.windows import BandwidthWindow, Day, Window
from appliance.schedules.windows import check, holding, holds, limit_at


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(start: str, end: str, days: str = "mon tue wed thu fri sat sun", zone: str = "UTC") -> Window:
    return Window(start=start, end=end, days=[Day(day) for day in days.split()], timezone=zone)


@pytest.mark.parametrize(
    ("days", "start", "end", "moment", "held"),
    [
        # 1 June 2026 is a Monday.
        ("mon", "08:00", "18:00", "2026-06-01 07:59:59", False),
        ("mon", "08:00", "18:00", "2026-06-01 08:00", True),
        ("mon", "08:00", "18:00", "2026-06-01 17:59:59", True),
        ("mon", "08:00", "18:00", "2026-06-01 18:00", False),
        ("mon", "08:00", "18:00", "2026-06-02 12:00", False),
        ("mon", "22:00", "06:00", "2026-06-01 05:00", False),
        ("mon", "22:00", "06:00", "2026-06-01 22:00", True),
        ("mon", "22:00", "06:00", "2026-06-02 05:59:59", True),
        ("mon", "22:00", "06:00", "2026-06-02 06:00", False),
        ("mon", "22:00", "06:00", "2026-06-02 23:00", False),
        ("sun", "22:00", "06:00", "2026-06-01 05:00", True),
        ("mon", "00:00", "00:00", "2026-06-01 00:00", True),
        ("mon", "00:00", "00:00", "2026-06-01 23:59:59", True),
        ("mon", "00:00", "00:00", "2026-06-02 00:00", False),
        ("mon", "12:00", "12:00", "2026-06-02 11:59", True),
    ],
)
def test_a_window_holds_on_its_days_and_over_midnight(days: str, start: str, end: str, moment: str, held: bool) -> None:
    assert holds(window(start, end, days), utc(moment)) is held


@pytest.mark.parametrize(
    ("zone", "moment", "held"),
    [
        ("Europe/Berlin", "2026-06-01 21:30", True),
        ("Europe/Berlin", "2026-01-01 21:30", True),
        ("Europe/Berlin", "2026-06-01 20:30", True),
        ("Europe/Berlin", "2026-01-01 20:30", False),
        ("America/New_York", "2026-06-01 21:30", False),
        ("America/New_York", "2026-06-02 02:30", True),
        ("Asia/Kolkata", "2026-06-01 16:30", True),
    ],
)
def test_a_window_goes_by_the_clocks_of_its_zone(zone: str, moment: str, held: bool) -> None:
    assert holds(window("22:00", "23:59", zone=zone), utc(moment)) is held


@pytest.mark.parametrize(("moment", "held"), [("2026-03-29 00:59", True), ("2026-03-29 01:00", False)])
def test_a_window_that_ends_in_a_missing_hour_ends_with_it(moment: str, held: bool) -> None:
    assert holds(window("22:00", "02:30", zone="Europe/Berlin"), utc(moment)) is held


@pytest.mark.parametrize(("moment", "held"), [("2026-10-25 00:15", True), ("2026-10-25 00:45", False), ("2026-10-25 01:15", True)])
def test_a_window_in_a_repeated_hour_holds_whenever_the_clocks_show_it(moment: str, held: bool) -> None:
    assert holds(window("02:00", "02:30", zone="Europe/Berlin"), utc(moment)) is held


@pytest.mark.parametrize(("moment", "limit"), [("2026-06-01 07:00", None), ("2026-06-01 09:00", 5000), ("2026-06-01 12:00", 2000)])
def test_the_lowest_limit_that_holds_is_the_limit(moment: str, limit: int | None) -> None:
    windows = [
        BandwidthWindow(start="08:00", end="18:00", bytes_per_second=5000),
        BandwidthWindow(start="11:00", end="13:00", bytes_per_second=2000),
        BandwidthWindow(start="10:00", end="13:00", bytes_per_second=9000),
    ]
    assert limit_at(windows, utc(moment)) == limit


def test_no_window_no_limit_and_no_blackout() -> None:
    assert limit_at([], utc("2026-06-01 12:00")) is None
    assert holding([], utc("2026-06-01 12:00")) is None


def test_the_first_window_that_holds_is_named() -> None:
    windows = [Window(name="night", start="22:00", end="06:00"), Window(name="noon", start="11:00", end="13:00")]
    found = holding(windows, utc("2026-06-01 12:00"))
    assert found is not None and found.name == "noon"


def test_a_window_in_an_unknown_zone_is_refused() -> None:
    with pytest.raises(Fault, match="no time zone Mars/Base"):
        check([window("08:00", "18:00", zone="Mars/Base")])


@pytest.mark.parametrize("text", ["24:00", "8:00", "08:60", "08:00:00", "", "08:00\n"])
def test_a_time_of_day_is_hours_and_minutes(text: str) -> None:
    with pytest.raises(ValidationError):
        Window(start=text, end="18:00")
