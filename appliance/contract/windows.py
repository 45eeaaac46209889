"""Times in which nothing is started, or in which copies share a limited bandwidth."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route

Zone = Annotated[str, Field(min_length=1, max_length=64)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
AtOnce = Annotated[int, Field(ge=1, le=1000)]


class Day(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Window(OperatorModel):
    """A time of day on days of the week, in a time zone. `days` are those on which it starts; one that ends where it starts lasts a day."""

    name: Annotated[str, Field(max_length=120)] = ""
    days: Annotated[list[Day], Field(min_length=1, max_length=7)] = Field(default_factory=lambda: list(Day))
    start: TimeOfDay
    end: TimeOfDay
    timezone: Zone = "UTC"


class BandwidthWindow(Window):
    """While it holds, all copies together move so many bytes per second at most."""

    bytes_per_second: Annotated[int, Field(ge=1 << 10, le=1 << 40)]


class FleetWindows(OperatorModel):
    """What holds for every schedule: times without starts, limits of bandwidth, and how many copies run at once (None: as many as want)."""

    blackouts: Annotated[list[Window], Field(max_length=50)] = Field(default_factory=list)
    bandwidth: Annotated[list[BandwidthWindow], Field(max_length=50)] = Field(default_factory=list)
    max_concurrent: AtOnce | None = None


class WindowsNow(OperatorModel):
    """What the windows say at a moment: which blackout holds, and the limit in bytes per second."""

    at: datetime
    blackout: Window | None
    bytes_per_second: int | None


class WindowsApi(Api):
    """What holds for all schedules."""

    @route("GET", "/api/v1/schedule-windows")
    async def windows(self) -> FleetWindows:
        """The windows and the limit that hold for all schedules."""
        raise NotImplementedError

    @route("PUT", "/api/v1/schedule-windows")
    async def save_windows(self, body: FleetWindows) -> FleetWindows:
        """Replace the windows and the limit that hold for all schedules."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedule-windows/now")
    async def windows_now(self) -> WindowsNow:
        """What the windows say now."""
        raise NotImplementedError
