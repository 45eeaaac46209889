"""How long the shell gate waits for what."""

from __future__ import annotations

from dataclasses import dataclass

_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Limits:
    """All in seconds: a challenge's and a ticket's life, the console's first line, a shell without a key typed, a shell in all,
    and what its processes have to end by themselves."""

    challenge: float = 900.0
    ticket: float = 60.0
    hello: float = 10.0
    idle: float = 900.0
    total: float = 7200.0
    grace: float = 2.0


def span(seconds: float) -> str:
    """A length of time as it is told: the largest unit that is whole enough."""
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    count = round(seconds / size)
    return f"{count} {unit}{'' if count == 1 else 's'}"
