"""How values read on the screen; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(count: float) -> str:
    """Bytes as `1.5 GiB`."""
    for unit in UNITS[:-1]:
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {UNITS[-1]}"


def checksum(sha256: str) -> str:
    """A SHA-256 sum in hexadecimal, on two lines of the smallest screen."""
    return f"{sha256[:32]}\n{sha256[32:]}"


def rate(per_second: float) -> str:
    """Bytes a second as `12.0 MiB/s`; nothing where nothing moves."""
    return f"{size(per_second)}/s" if per_second >= 1 else ""


def span(seconds: float) -> str:
    """A time span in its two largest units: `1 h 05 min`, `42 s`."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {whole % 60:02d} s" if minutes else f"{whole} s"


def countdown(seconds: float) -> str:
    """What is left as `1:05`."""
    whole = max(0, int(seconds + 0.999))
    return f"{whole // 60}:{whole % 60:02d}"


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: `just now`, `5 min ago`, `3 d ago`."""
    if then is None:
        return "never"
    past = (now - then) / timedelta(seconds=1)
    if past < 45:
        return "just now"
    for limit, length, unit in ((3570, 60, "min"), (84600, 3600, "h"), (float("inf"), 86400, "d")):
        if past < limit:
            return f"{max(1, round(past / length))} {unit} ago"
    raise AssertionError("unreachable")


def moment(then: datetime | None) -> str:
    """A time in UTC as it stands in lists."""
    return "" if then is None else f"{then:%Y-%m-%d %H:%M:%S}"


def cut(text: str, width: int) -> str:
    """The text on one line of at most `width` characters; what is cut off is marked."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: max(0, width - 1)] + "…"


STATES = {
    "discovered": "Discovered",
    "replicating": "Copying",
    "ready_for_failover": "Ready",
    "failed_over_test": "Test VM runs",
    "failed_over_live": "Failed over",
    "cleanup_required": "Needs clean-up",
    "migrated": "Migrated",
    "failed": "Failed",
}
"""The states of a VM in two words."""

OUTCOMES = {
    "pending": "waiting to start",
    "running": "running",
    "waiting": "waiting",
    "undoing": "being undone",
    "completed": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "undone": "undone",
    "undo_failed": "could not be undone",
}
"""The states of jobs and steps."""


def fingerprint(value: str) -> str:
    """A SHA-256 fingerprint in pairs, as other tools show it, on two lines."""
    plain = value.replace(":", "").upper()
    pairs = [plain[n : n + 2] for n in range(0, len(plain), 2)]
    return ":\n".join(":".join(pairs[n : n + 16]) for n in range(0, len(pairs), 16))
