"""Whether a moment lies in a window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TypeVar

from appliance.contract.windows import BandwidthWindow, Day, Window
from appliance.schedules.zones import zone

AnyWindow = TypeVar("AnyWindow", bound=Window)


def holds(window: Window, moment: datetime) -> bool:
    """Whether clocks in the window's zone show a time in it; a window that ends where or before it starts goes on over midnight."""
    shown = moment.astimezone(zone(window.timezone))
    start, end = time.fromisoformat(window.start), time.fromisoformat(window.end)
    today, yesterday = (tuple(Day)[day.weekday()] in window.days for day in (shown, shown - timedelta(days=1)))
    if start < end:
        return today and start <= shown.time() < end
    return (today and shown.time() >= start) or (yesterday and shown.time() < end)


def holding(windows: Sequence[AnyWindow], moment: datetime) -> AnyWindow | None:
    """The first window that holds."""
    return next((one for one in windows if holds(one, moment)), None)


def limit_at(windows: Sequence[BandwidthWindow], moment: datetime) -> int | None:
    """How many bytes a second all copies together may move at this moment: the lowest limit that holds, None without one."""
    return min((one.bytes_per_second for one in windows if holds(one, moment)), default=None)


def check(windows: Sequence[Window]) -> None:
    """Raise a Fault (400) when a time zone is unknown."""
    for one in windows:
        zone(one.timezone)
