"""How windows read, and how they are typed: `mon-fri 22:00-06:00 Europe/Berlin night`; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.contract.windows import BandwidthWindow, Day, FleetWindows, Window, WindowsNow
from appliance.tui import words
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

COLUMNS = (
    Column("What", 27), Column("Days", 13), Column("From", 6), Column("To", 6), Column("Time zone"), Column("Name", 0, 110),
)  # fmt: skip
DAYS = tuple(Day)
WINDOW_HINT = "such as mon-fri 08:00-18:00; sat,sun 00:00-06:00"
SHARED = "All copies together keep to a limit of bandwidth, those that run included; each VM gets the same share."
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_WINDOW = re.compile(rf"(?P<days>\S+)\s+(?P<start>{_TIME})\s*-\s*(?P<end>{_TIME})(?:\s+(?P<zone>\S+))?(?:\s+(?P<name>.+))?")

AnyWindow = Window | BandwidthWindow


def days_text(days: Sequence[Day]) -> str:
    """Days of the week as they are typed: `daily`, `mon-fri`, `mon, wed`."""
    numbers = sorted({DAYS.index(day) for day in days})
    if len(numbers) == len(DAYS):
        return "daily"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{DAYS[numbers[0]].value}-{DAYS[numbers[-1]].value}"
    return ",".join(DAYS[number].value for number in numbers)


def read_days(text: str) -> list[Day]:
    """The days that were typed. Raises ValueError where one is none."""
    if text.casefold() in ("daily", "all"):
        return list(DAYS)
    found: set[int] = set()
    for part in text.casefold().split(","):
        first, _, last = part.strip().partition("-")
        begin, end = DAYS.index(Day(first.strip())), DAYS.index(Day((last or first).strip()))
        found |= set(range(begin, end + 1)) if begin <= end else {*range(begin, len(DAYS)), *range(end + 1)}
    return [DAYS[number] for number in sorted(found)]


def days_flaw(text: str) -> str:
    """What is wrong with typed days."""
    try:
        read_days(text)
    except ValueError:
        return "Type days as mon-fri, or sat,sun, or daily."
    return ""


def time_flaw(text: str) -> str:
    """What is wrong with a typed time of day."""
    return "" if re.fullmatch(_TIME, text) else "Type a time of day such as 08:30."


def window_text(window: AnyWindow, zone: str) -> str:
    """A window as it is typed; the time zone is left out where it is `zone` and no name follows."""
    parts = [days_text(window.days), f"{window.start}-{window.end}"]
    if window.name or window.timezone != zone:
        parts += [window.timezone, window.name]
    return " ".join(part for part in parts if part)


def read_windows(text: str, zone: str) -> list[Window]:
    """The windows that were typed, with `;` between. Raises ValueError at the first one that can't be read."""
    return [_read(part.strip(), zone) for part in text.split(";") if part.strip()]


def _read(text: str, zone: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return Window(
        days=read_days(found["days"]),
        start=found["start"],
        end=found["end"],
        timezone=(found["zone"] or zone or "UTC")[:64],
        name=(found["name"] or "")[:120],
    )


def windows_flaw(text: str) -> str:
    """What is wrong with typed windows."""
    try:
        found = read_windows(text, "UTC")
    except ValueError:
        return f"Type days and times, {WINDOW_HINT}; a time zone may follow."
    return "At most 20 windows." if len(found) > 20 else ""


def mib_flaw(text: str) -> str:
    """What is wrong with a typed limit in MiB/s."""
    good = text.isascii() and text.isdigit() and 1 <= int(text) <= 1 << 20
    return "" if good else "Type a whole number of MiB a second, at least 1."


def count_flaw(text: str) -> str:
    """What is wrong with a typed number of copies; empty is no limit."""
    good = not text or (text.isascii() and text.isdigit() and 1 <= int(text) <= 1000)
    return "" if good else "Type a number from 1 to 1000, or leave it empty for no limit."


def what(window: AnyWindow) -> str:
    """What a window does."""
    return f"copies at most {words.rate(window.bytes_per_second)}" if isinstance(window, BandwidthWindow) else "nothing is started"


def window_row(key: str, window: AnyWindow) -> Row:
    """A window in its list."""
    return Row(key, (what(window), days_text(window.days), window.start, window.end, window.timezone, window.name))


def fleet_facts(fleet: FleetWindows, now: WindowsNow) -> list[Fact]:
    """What holds now, above the list."""
    held = now.blackout
    starts = f"none: {held.name or 'a blackout'}, until {held.end} {held.timezone}" if held else "possible"
    limit = words.rate(now.bytes_per_second) if now.bytes_per_second else "none"
    return [
        ("Starts now", starts, "warning" if held else "good"),
        ("Limit now", limit),
        ("Copies at once", str(fleet.max_concurrent) if fleet.max_concurrent else "as many as want"),
    ]


def without(fleet: FleetWindows, window: AnyWindow) -> FleetWindows:
    """The windows without one of them."""
    return fleet.model_copy(
        update={
            "blackouts": [one for one in fleet.blackouts if one != window],
            "bandwidth": [one for one in fleet.bandwidth if one != window],
        }
    )


def with_window(fleet: FleetWindows, window: AnyWindow) -> FleetWindows:
    """The windows with one more."""
    kind = "bandwidth" if isinstance(window, BandwidthWindow) else "blackouts"
    return fleet.model_copy(update={kind: [*getattr(fleet, kind), window]})
