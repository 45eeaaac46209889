"""Time zones by their IANA names, and what clocks in them show when they are put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.schedules.faults import ZONE_UNKNOWN

LONGEST_REPEAT = timedelta(hours=3)
"""No zone puts its clocks back by more."""


def zone(name: str) -> ZoneInfo:
    """The time zone. Raises a Fault (400)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, shaped like a path, a folder of zones
        raise ZONE_UNKNOWN(zone=name, cause=str(error)) from error


def readings(shown: datetime, at: ZoneInfo) -> tuple[datetime, ...]:
    """The moments at which clocks show this time: one; two in an hour that is repeated; none in one that is missing."""
    first, second = (shown.replace(tzinfo=at, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def end_of_gap(shown: datetime, at: ZoneInfo) -> datetime:
    """The moment at which clocks that never show this time go on."""
    before, after = (shown.replace(tzinfo=at, fold=fold).astimezone(UTC) for fold in (1, 0))
    offset = before.astimezone(at).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(at).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
