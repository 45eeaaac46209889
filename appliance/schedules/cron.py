"""When a cron line fires. Pure: every moment comes in as an argument.

`cronsim` reads the line and finds the times of day; what they mean in a time zone is decided here. A line that names
hours fires at each of them once a day, whatever the clocks do; one that fires every hour follows the time that goes by.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from appliance.contract.schedules import OnGap
from appliance.schedules.faults import CRON_UNREADABLE, NEVER_FIRES
from appliance.schedules.zones import LONGEST_REPEAT, end_of_gap, readings, zone

_ANY = datetime(2000, 1, 1)
_LOOK_BACK = tuple(timedelta(seconds=seconds) for seconds in (60, 3600, 86_400, 32 * 86_400, 367 * 86_400))


@dataclass(frozen=True)
class Timetable:
    """A cron line in a time zone; made by `timetable`."""

    line: str
    zone: ZoneInfo
    on_gap: OnGap = OnGap.RUN_AFTER

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The moments at which it fires, in UTC, each later than the one before and than `moment`; none beyond some 50 years."""
        last = moment
        for due in self._in_order(moment):
            if due > last:
                yield due
                last = due

    def next(self, moment: datetime) -> datetime | None:
        """The first moment after this one at which it fires."""
        return next(self.after(moment), None)

    def coming(self, moment: datetime, count: int) -> list[datetime]:
        """The next moments at which it fires."""
        return list(islice(self.after(moment), count))

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last moment in (after, until] at which it fires. Looks back in growing steps: a year of seconds is not counted through."""
        for span in (*_LOOK_BACK, until - after):
            start = max(after, until - span)
            found = deque(takewhile(lambda due: due <= until, self.after(start)), maxlen=1)
            if found:
                return found[0]
        return None

    def _in_order(self, moment: datetime) -> Iterator[datetime]:
        every_hour = len(_parsed(self.line).hours) == 24
        again: deque[datetime] = deque()
        for shown in _times_of_day(self.line, self._start(moment, every_hour)):
            when = readings(shown, self.zone)
            if not when:
                if every_hour or self.on_gap is OnGap.SKIP:
                    continue
                when = (end_of_gap(shown, self.zone),)
            while again and again[0] < when[0]:
                yield again.popleft()
            yield when[0]
            if every_hour:
                again.extend(when[1:])

    def _start(self, moment: datetime, every_hour: bool) -> datetime:
        """What the clocks show; earlier where times before it come once more."""
        shown = moment.astimezone(self.zone).replace(tzinfo=None, fold=0)
        return shown - LONGEST_REPEAT if every_hour and len(readings(shown, self.zone)) == 2 else shown


def timetable(line: str, zone_name: str, on_gap: OnGap = OnGap.RUN_AFTER) -> Timetable:
    """A timetable that is right. Raises a Fault (400) that says what is wrong with it."""
    made = Timetable(line, zone(zone_name), on_gap)
    try:
        _parsed(line)
    except CronSimError as error:
        if str(error) == "Bad day-of-month" and _lacks_days_only(line):
            raise NEVER_FIRES(cause=line) from error
        raise CRON_UNREADABLE(detail=_said(str(error)), cause=line) from error
    if made.next(_ANY.replace(tzinfo=UTC)) is None:
        raise NEVER_FIRES(cause=line)
    return made


@lru_cache(maxsize=4096)
def _parsed(line: str) -> CronSim:
    return CronSim(line, _ANY)


def _times_of_day(line: str, after: datetime) -> CronSim:
    found = copy.copy(_parsed(line))
    found.dt = after.replace(microsecond=0)
    return found


def _lacks_days_only(line: str) -> bool:
    """Whether it would be right if there were such days: cronsim refuses 30 February as it refuses day 45."""
    parts = line.split()
    month = len(parts) - 2
    try:
        _parsed(" ".join([*parts[:month], "*", *parts[month + 1 :]]))
    except CronSimError:
        return False
    return True


def _said(text: str) -> str:
    return f"the {text.removeprefix('Bad ').replace('-', ' ')} is wrong" if text.startswith("Bad ") else "it needs five or six fields"
