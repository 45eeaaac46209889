"""Which of the runs that wait may start now: priority, limits and groups in conflict. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class GroupRule:
    """What is set for a group."""

    priority: int = 50
    limit: int | None = None
    parent: str | None = None
    conflicts: frozenset[str] = frozenset()
    name: str = ""


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


class Bound(StrEnum):
    """What keeps a run from starting."""

    TOTAL = "total"
    SCHEDULE = "schedule"
    GROUP = "group"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Hold:
    """What a run waits for: the limit that is reached with its number, or the group in conflict. `group` is a group's id."""

    bound: Bound
    limit: int = 0
    group: str = ""


@dataclass(frozen=True)
class Admission:
    """The runs that may start, in their order, and what holds each of the others."""

    free: list[Waiting]
    held: dict[str, Hold]


def lineage(groups: Mapping[str, GroupRule], start: str) -> list[str]:
    """A group with its parents, nearest first; a circle is gone through once."""
    found: list[str] = []
    current: str | None = start
    while current is not None and current in groups and current not in found:
        found.append(current)
        current = groups[current].parent
    return found


def decide(waiting: Sequence[Waiting], running: Sequence[Running], limits: Limits) -> Admission:
    """Which may start: the higher priority first, then what has waited longer."""
    load = _Load(limits)
    for one in running:
        load.take(one.vm, one.schedule)
    found = Admission([], {})
    for run in sorted(waiting, key=lambda one: (-one.priority, one.start_at, one.id)):
        hold = load.hold(run.vm, run.schedule)
        if hold is None:
            load.take(run.vm, run.schedule)
            found.free.append(run)
        else:
            found.held[run.id] = hold
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

    def hold(self, vm: str, schedule: str) -> Hold | None:
        """What keeps this run from starting now; None for nothing."""
        total, own_limit = self._limits.total, self._limits.schedules.get(schedule)
        if total is not None and self._total >= total:
            return Hold(Bound.TOTAL, total)
        if own_limit is not None and self._schedules[schedule] >= own_limit:
            return Hold(Bound.SCHEDULE, own_limit)
        own = self._of(vm)
        for name in sorted(own):
            limit = self._limits.groups[name].limit
            if limit is not None and self._groups[name] >= limit:
                return Hold(Bound.GROUP, limit, name)
        against = sorted(other for name in own for other in self._against[name] - own if self._groups[other])
        return Hold(Bound.CONFLICT, group=against[0]) if against else None

    def _of(self, vm: str) -> set[str]:
        """All groups of a VM, with their parents."""
        direct = self._limits.member_of.get(vm, frozenset())
        return {name for group in direct for name in lineage(self._limits.groups, group)}
