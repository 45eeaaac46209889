"""When cron lines fire: in time zones, where clocks are put forward and back, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from appliance.contract.errors import Fault
from appliance.contract.schedules import OnGap
from appliance.schedules.cron import timetable
from tests.work import calls


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(line: str, zone: str, after: str, count: int, on_gap: OnGap = OnGap.RUN_AFTER) -> list[str]:
    return [at.strftime("%d %H:%M:%S") for at in timetable(line, zone, on_gap).coming(utc(after), count)]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("30 2 * * *", "2026-06-02 02:30:00"),
        ("15 30 2 * * *", "2026-06-02 02:30:15"),
        ("*/10 * * * * *", "2026-06-01 12:00:10"),
        ("0 0 2 * * SUN", "2026-06-07 02:00:00"),
        ("0 0 1 1 *", "2027-01-01 00:00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00:00"),
        ("0 0 L * *", "2026-06-30 00:00:00"),
        ("0 0 * * mon#2", "2026-06-08 00:00:00"),
    ],
)
def test_a_line_fires_first_at(line: str, first: str) -> None:
    assert timetable(line, "UTC").next(utc("2026-06-01 12:00:00")) == utc(first)


def test_a_moment_at_which_it_fires_is_not_after_itself() -> None:
    assert fires("0 12 * * *", "UTC", "2026-06-01 12:00:00", 1) == ["02 12:00:00"]


@pytest.mark.parametrize(
    ("line", "on_gap", "after", "moments"),
    [
        # Berlin, 29 March 2026: 02:00 is followed by 03:00, which is 01:00 UTC.
        ("30 2 * * *", OnGap.RUN_AFTER, "2026-03-28 02:00", ["29 01:00:00", "30 00:30:00"]),
        ("30 2 * * *", OnGap.SKIP, "2026-03-28 02:00", ["30 00:30:00", "31 00:30:00"]),
        ("0 3 * * *", OnGap.RUN_AFTER, "2026-03-28 02:00", ["29 01:00:00", "30 01:00:00"]),
        ("*/20 2 * * *", OnGap.RUN_AFTER, "2026-03-28 02:00", ["29 01:00:00", "30 00:00:00", "30 00:20:00"]),
        ("0 2-3 * * *", OnGap.RUN_AFTER, "2026-03-28 03:00", ["29 01:00:00", "30 00:00:00"]),
        ("0 2-3 * * *", OnGap.SKIP, "2026-03-28 03:00", ["29 01:00:00", "30 00:00:00"]),
        ("30 * * * *", OnGap.RUN_AFTER, "2026-03-29 00:00", ["29 00:30:00", "29 01:30:00", "29 02:30:00"]),
        ("*/30 * * * *", OnGap.RUN_AFTER, "2026-03-29 00:30", ["29 01:00:00", "29 01:30:00"]),
        # Berlin, 25 October 2026: 02:00 to 03:00 comes twice, at 00:00 and at 01:00 UTC.
        ("30 2 * * *", OnGap.RUN_AFTER, "2026-10-24 12:00", ["25 00:30:00", "26 01:30:00"]),
        ("*/30 2 * * *", OnGap.RUN_AFTER, "2026-10-24 12:00", ["25 00:00:00", "25 00:30:00", "26 01:00:00"]),
        ("30 2 * * *", OnGap.RUN_AFTER, "2026-10-25 00:45", ["26 01:30:00"]),
        ("30 2 * * *", OnGap.RUN_AFTER, "2026-10-25 01:15", ["26 01:30:00"]),
        ("0 3 * * *", OnGap.RUN_AFTER, "2026-10-24 12:00", ["25 02:00:00", "26 02:00:00"]),
        ("30 * * * *", OnGap.RUN_AFTER, "2026-10-24 23:45", ["25 00:30:00", "25 01:30:00", "25 02:30:00"]),
        ("30 * * * *", OnGap.RUN_AFTER, "2026-10-25 00:45", ["25 01:30:00", "25 02:30:00"]),
        ("30 * * * *", OnGap.RUN_AFTER, "2026-10-25 01:15", ["25 01:30:00", "25 02:30:00"]),
    ],
)
def test_where_berlins_clocks_are_changed(line: str, on_gap: OnGap, after: str, moments: list[str]) -> None:
    assert fires(line, "Europe/Berlin", after, len(moments), on_gap) == moments


@pytest.mark.parametrize(
    ("zone", "line", "after", "moments"),
    [
        # Lord Howe Island puts its clocks forward by half an hour: 02:00 is followed by 02:30.
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03 00:00", ["03 15:30:00", "04 15:15:00"]),
        # Chile puts its clocks back at midnight: Saturday's 23:00 to 24:00 comes twice.
        ("America/Santiago", "30 23 * * 6", "2026-04-04 12:00", ["05 02:30:00", "12 03:30:00"]),
        ("America/Santiago", "30 * * * 6", "2026-04-05 02:00", ["05 02:30:00", "05 03:30:00", "11 04:30:00"]),
        # Cuba puts them forward at midnight: that Sunday has no 00:00.
        ("America/Havana", "0 0 * * SUN", "2026-03-08 00:00", ["08 05:00:00", "15 04:00:00"]),
        ("Asia/Kolkata", "30 2 * * *", "2026-03-08 00:00", ["08 21:00:00", "09 21:00:00"]),
    ],
)
def test_where_other_clocks_are_changed(zone: str, line: str, after: str, moments: list[str]) -> None:
    assert fires(line, zone, after, len(moments)) == moments


@pytest.mark.parametrize("line", ["0 0 30 2 *", "0 0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 FEB *"])
def test_a_line_that_never_fires_is_refused(line: str) -> None:
    with pytest.raises(Fault, match="never fires"):
        timetable(line, "Europe/Berlin")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "five or six fields"),
        ("@daily", "five or six fields"),
        ("* * * *", "five or six fields"),
        ("* * * * * * *", "five or six fields"),
        ("61 * * * *", "the minute is wrong"),
        ("60 * * * * *", "the second is wrong"),
        ("0 24 * * *", "the hour is wrong"),
        ("0 0 45 * *", "the day of month is wrong"),
        ("0 0 45 2 *", "the day of month is wrong"),
        ("0 0 1 13 *", "the month is wrong"),
        ("0 0 * * 8", "the day of week is wrong"),
        ("*/0 * * * *", "the minute is wrong"),
        ("5-1 * * * *", "the minute is wrong"),
        ("{0} * * * *", "the minute is wrong"),
    ],
)
def test_a_line_that_cannot_be_read_says_which_field_is_wrong(line: str, said: str) -> None:
    with pytest.raises(Fault) as refused:
        timetable(line, "UTC")
    assert said in refused.value.message and "MON-FRI" in refused.value.guidance and refused.value.status == 400


@pytest.mark.parametrize("zone", ["", "Nowhere/Town", "Europe", "../../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000, "\ud800"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(Fault, match="no time zone"):
        timetable("0 0 * * *", zone)


@pytest.mark.parametrize(
    ("line", "zone", "after", "until", "latest"),
    [
        ("* * * * * *", "Europe/Berlin", "2016-01-01 00:00", "2026-06-01 12:00:07", "2026-06-01 12:00:07"),
        ("0 0 29 2 *", "UTC", "2016-01-01 00:00", "2026-06-01 12:00", "2024-02-29 00:00"),
        ("0 0 1 * *", "UTC", "2026-06-01 00:00", "2026-06-30 12:00", None),
    ],
)
def test_looking_back_over_years_does_not_count_their_seconds(line: str, zone: str, after: str, until: str, latest: str | None) -> None:
    table, expected = timetable(line, zone), utc(latest) if latest else None
    assert table.latest(utc(after), utc(until)) == expected
    assert calls(lambda: table.latest(utc(after), utc(until))) < 20_000  # the seconds are some 300 million


FIELDS = some.tuples(
    some.sampled_from(["0", "30", "*/20", "5,45"]),
    some.sampled_from(["0", "30", "*/15", "7-9", "*"]),
    some.sampled_from(["*", "2", "1-3", "*/6", "0,23", "*/2"]),
    some.sampled_from(["*", "1", "15", "28-31", "L"]),
    some.sampled_from(["*", "3", "10", "3,10"]),
    some.sampled_from(["*", "SUN", "0-6", "MON-FRI"]),
)
ZONES = some.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Asia/Kolkata",
        "America/Havana",
        "Africa/Casablanca",
    ]
)
MOMENTS = some.one_of(
    some.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    some.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 30)),
    some.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 26)),
)


@settings(max_examples=150)
@given(FIELDS, ZONES, MOMENTS)
def test_a_preview_rises_fits_the_line_and_is_the_same_from_wherever_it_is_looked(
    fields: tuple[str, ...], zone: str, moment: datetime
) -> None:
    times, start = timetable(" ".join(fields), zone), moment.replace(tzinfo=UTC)
    found = times.coming(start, 12)
    assert all(one < other for one, other in pairwise([start, *found]))
    for at in found:
        shown = at.astimezone(ZoneInfo(zone))
        after_a_gap = (at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset() < shown.utcoffset()
        assert after_a_gap or (shown.second % 5, shown.minute in minutes(fields[1])) == (0, True)
    for before, at in pairwise([start, *found]):
        assert times.next(at - timedelta(microseconds=1)) == at
        assert times.next(before + (at - before) / 2) == at
        assert times.latest(start, at) == (at if at in found else None)


def minutes(field: str) -> set[int]:
    return {"0": {0}, "30": {30}, "*/15": {0, 15, 30, 45}, "7-9": {7, 8, 9}, "*": set(range(60))}[field]


@settings(max_examples=20)
@given(
    some.sampled_from(["0", "30", "*/15", "7-9", "*"]),
    some.sampled_from(["*", "2", "1-3", "*/6", "0,23", "*/2", "3"]),
    some.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "America/Havana"]),
    some.sampled_from(["2026-03-07", "2026-03-28", "2026-04-04", "2026-09-05", "2026-10-03", "2026-10-24", "2026-10-31"]),
)
def test_it_fires_whenever_someone_who_watches_the_clock_would_start(minute: str, hour: str, zone: str, day: str) -> None:
    start = utc(day)
    end = start + timedelta(hours=60)
    found = [at for at in timetable(f"{minute} {hour} * * *", zone).coming(start, 4000) if at <= end]
    assert found == watched(minutes(minute), hours(hour), ZoneInfo(zone), start, end)


def watched(minutes: set[int], hours: set[int], zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Minute by minute: what the clock shows, what it has shown before, and what it never showed."""
    found, seen, at, clock = [], set(), start, start.astimezone(zone).replace(tzinfo=None)
    seen = {clock - timedelta(minutes=back) for back in range(180)}
    while at < end:
        at += timedelta(minutes=1)
        shown = at.astimezone(zone).replace(tzinfo=None)
        steps = range(1, int((shown - clock) / timedelta(minutes=1)) + 1) if shown > clock else [0]
        passed = [shown] if len(hours) == 24 or shown <= clock else [clock + timedelta(minutes=step) for step in steps]
        if any(one.hour in hours and one.minute in minutes and (len(hours) == 24 or one not in seen) for one in passed):
            found.append(at)
        seen.update(passed)
        clock = shown
    return found


def hours(field: str) -> set[int]:
    named = {"2": {2}, "3": {3}, "1-3": {1, 2, 3}, "*/6": {0, 6, 12, 18}, "0,23": {0, 23}, "*/2": set(range(0, 24, 2))}
    return named.get(field, set(range(24)))


@settings(max_examples=60)
@given(some.sampled_from(["0", "15", "30", "45"]), some.integers(0, 23), ZONES, some.integers(0, 700))
def test_a_line_that_names_an_hour_fires_once_a_day_whatever_the_clocks_do(minute: str, hour: int, zone: str, day: int) -> None:
    found = timetable(f"{minute} {hour} * * *", zone).coming(utc("2026-01-01 00:00") + timedelta(days=day), 5)
    days = [at.astimezone(ZoneInfo(zone)).date() for at in found]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


@settings(max_examples=200)
@given(some.text(some.sampled_from("0123456789*/,-LW# MONSUFEBJ@?{}é²"), max_size=30))
def test_any_text_is_a_line_or_is_refused(text: str) -> None:
    try:
        assert timetable(text, "UTC").next(utc("2026-01-01 00:00"))
    except Fault as refused:
        assert refused.status == 400
