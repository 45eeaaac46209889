"""What is due, by the wall clock and by what was decided before. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.contract.schedules import OnMissed
from appliance.schedules.cron import Timetable

GRACE = timedelta(seconds=60)
"""A time that is recognised later than this was missed."""
CLOCK_WAS_WRONG = timedelta(days=1)
"""A clock that goes back by less is waited for; by more, it was wrong before, and waiting for it would stop a schedule for years."""


@dataclass(frozen=True)
class Due:
    """One run for every time from `missed_since`, if there were several, to `at`. `missed` when it is not to be run any more."""

    at: datetime
    missed_since: datetime | None = None
    missed: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is due now, if anything, and from where on the schedule goes on."""

    due: Due | None
    decided_until: datetime
    next_run: datetime | None


@dataclass(frozen=True)
class Standing:
    """Where a schedule stands: every time up to `decided_until` is dealt with, `next_run` is the first one after it."""

    decided_until: datetime
    next_run: datetime | None


def judge(times: Timetable, standing: Standing, now: datetime, on_missed: OnMissed, recorded: Collection[datetime] = ()) -> Verdict:
    """What is due. `recorded` are times whose runs are in the records already: one that comes twice is run once."""
    if standing.decided_until > now + CLOCK_WAS_WRONG:
        return Verdict(None, now, times.next(now))
    first = standing.next_run
    if first is None or first > now:
        return Verdict(None, standing.decided_until, first)
    latest, following = first, times.next(first)
    if following is not None and following <= now:
        latest = times.latest(first, now) or first
        following = times.next(latest)
    if latest in recorded:
        return Verdict(None, latest, following)
    missed = on_missed is OnMissed.SKIP and now - latest > GRACE
    return Verdict(Due(latest, None if first == latest else first, missed), latest, following)
