"""Which of the runs that wait may start now: priority, limits and groups in conflict. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class GroupRule:
    """What is set for a group."""

    priority: int = 50
    limit: int | None = None
    parent: str | None = None
    conflicts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Waiting:
    """A run whose time has come."""

    id: str
    vm: str
    schedule: str
    priority: int
    start_at: datetime


@dataclass(frozen=True)
class Running:
    """A copy under way, whoever started it; `schedule` is None when none did."""

    vm: str
    schedule: str | None = None


@dataclass(frozen=True)
class Limits:
    """Everything that bounds how many run at once. `member_of` has the groups of each VM that is in any."""

    groups: Mapping[str, GroupRule] = field(default_factory=dict)
    member_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    schedules: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None


def lineage(groups: Mapping[str, GroupRule], start: str) -> list[str]:
    """A group with its parents, nearest first; a circle is gone through once."""
    found: list[str] = []
    current: str | None = start
    while current is not None and current in groups and current not in found:
        found.append(current)
        current = groups[current].parent
    return found


def admitted(waiting: Sequence[Waiting], running: Sequence[Running], limits: Limits) -> list[Waiting]:
    """Those that may start, in their order: the higher priority first, then what has waited longer."""
    load = _Load(limits)
    for one in running:
        load.take(one.vm, one.schedule)
    found = []
    for run in sorted(waiting, key=lambda one: (-one.priority, one.start_at, one.id)):
        if load.has_room(run.vm, run.schedule):
            load.take(run.vm, run.schedule)
            found.append(run)
    return found


class _Load:
    """What runs, counted for each limit."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._total = limits, 0
        self._groups: Counter[str] = Counter()
        self._schedules: Counter[str] = Counter()
        self._against: dict[str, set[str]] = {name: set(rule.conflicts) for name, rule in limits.groups.items()}
        for name, rule in limits.groups.items():
            for other in rule.conflicts & limits.groups.keys():
                self._against[other].add(name)

    def take(self, vm: str, schedule: str | None) -> None:
        self._total += 1
        self._groups.update(self._of(vm))
        if schedule is not None:
            self._schedules[schedule] += 1

    def has_room(self, vm: str, schedule: str) -> bool:
        if _reached(self._total, self._limits.total) or _reached(self._schedules[schedule], self._limits.schedules.get(schedule)):
            return False
        own = self._of(vm)
        if any(_reached(self._groups[name], self._limits.groups[name].limit) for name in own):
            return False
        return not any(self._groups[other] for name in own for other in self._against[name] - own)

    def _of(self, vm: str) -> set[str]:
        """All groups of a VM, with their parents."""
        direct = self._limits.member_of.get(vm, frozenset())
        return {name for group in direct for name in lineage(self._limits.groups, group)}


def _reached(count: int, limit: int | None) -> bool:
    return limit is not None and count >= limit
