"""Versions of releases: their order, and which of them work together (pure)."""

from __future__ import annotations

import re
from typing import NamedTuple

_FORM = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})", re.ASCII)


class Release(NamedTuple):
    """The version of a release: major, minor, patch."""

    major: int
    minor: int
    patch: int

    @property
    def line(self) -> str:
        """Releases of one line differ in repairs only."""
        return f"{self.major}.{self.minor}"


def read(version: str) -> Release | None:
    """A version as it is written; None where it is none of a release."""
    found = _FORM.fullmatch(version)
    return Release(*map(int, found.groups())) if found else None


def work_together(one: str, other: str) -> bool:
    """Whether two appliances of these versions may be paired: the same major, and at most one minor apart.

    A version that is none of a release, such as that of a checkout, is judged by the protocol alone.
    """
    first, second = read(one), read(other)
    if first is None or second is None:
        return True
    return first.major == second.major and abs(first.minor - second.minor) <= 1
