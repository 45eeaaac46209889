"""Which of the runs that wait may start: priority, limits of groups, schedules and all, groups in conflict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.schedules.capacity import Bound, GroupRule, Hold, Limits, Running, Waiting, decide, lineage

START = datetime(2026, 6, 1, tzinfo=UTC)


def waiting(vm: str, *, priority: int = 50, schedule: str = "s", second: int = 0) -> Waiting:
    return Waiting(f"run-{vm}", vm, schedule, priority, START + timedelta(seconds=second))


def admitted(runs: list[Waiting], running: list[Running], limits: Limits) -> list[Waiting]:
    return decide(runs, running, limits).free


def names(runs: list[Waiting]) -> str:
    return "".join(one.vm for one in runs)


def grouped(**groups: str) -> dict[str, frozenset[str]]:
    """The groups of each VM, from `group="vms"`."""
    vms = {vm for members in groups.values() for vm in members}
    return {vm: frozenset(name for name, members in groups.items() if vm in members) for vm in vms}


def test_without_limits_all_start_the_higher_priority_first_then_the_longer_wait() -> None:
    runs = [waiting("a", second=2), waiting("b", second=1), waiting("c", priority=90, second=3), waiting("d", priority=10)]
    assert names(admitted(runs, [], Limits())) == "cbad"


def test_a_limit_for_all_counts_what_runs_whoever_started_it() -> None:
    assert names(admitted([waiting("a"), waiting("b"), waiting("c")], [Running("x"), Running("y", "s")], Limits(total=4))) == "ab"
    assert admitted([waiting("a")], [Running("x")], Limits(total=1)) == []


def test_a_schedules_limit_counts_its_own_runs_only() -> None:
    limits = Limits(schedules={"s": 2})
    runs = [waiting("a"), waiting("b"), waiting("c", schedule="t")]
    assert names(admitted(runs, [Running("x", "s"), Running("y", "t"), Running("z")], limits)) == "ac"


def test_a_groups_limit_holds_across_schedules() -> None:
    limits = Limits({"g": GroupRule(limit=2)}, grouped(g="abx"))
    runs = [waiting("a", schedule="s"), waiting("b", schedule="t"), waiting("c", schedule="t")]
    assert names(admitted(runs, [Running("x", "u")], limits)) == "ac"


def test_a_vm_in_two_groups_needs_room_in_both() -> None:
    limits = Limits({"g": GroupRule(limit=1), "h": GroupRule(limit=5)}, grouped(g="ax", h="ab"))
    assert names(admitted([waiting("a"), waiting("b")], [Running("x")], limits)) == "b"


def test_a_parents_limit_holds_for_its_children_together() -> None:
    groups = {"p": GroupRule(limit=2), "g": GroupRule(parent="p"), "h": GroupRule(parent="p", limit=1)}
    assert names(admitted([waiting(vm) for vm in "abcd"], [], Limits(groups, grouped(g="ab", h="cd")))) == "ab"
    assert names(admitted([waiting(vm) for vm in "cdab"], [Running("x")], Limits(groups, grouped(g="ab", h="cdx")))) == "a"


def test_the_higher_priority_gets_the_last_place() -> None:
    limits = Limits({"g": GroupRule(limit=1)}, grouped(g="ab"))
    assert names(admitted([waiting("a", priority=10), waiting("b", priority=90, second=50)], [], limits)) == "b"


def test_a_run_that_has_no_room_holds_up_no_other() -> None:
    limits = Limits({"g": GroupRule(limit=1)}, grouped(g="ax"))
    assert names(admitted([waiting("a", priority=90), waiting("b", priority=10)], [Running("x")], limits)) == "b"


def test_groups_in_conflict_wait_for_each_other_whichever_of_them_says_so() -> None:
    groups = {"g": GroupRule(conflicts=frozenset({"h"})), "h": GroupRule()}
    limits = Limits(groups, grouped(g="ab", h="cd"))
    assert admitted([waiting("a")], [Running("c")], limits) == []
    assert admitted([waiting("c")], [Running("a")], limits) == []
    assert names(admitted([waiting("a"), waiting("b"), waiting("c")], [], limits)) == "ab"


def test_a_conflict_with_a_group_that_is_gone_is_none() -> None:
    limits = Limits({"g": GroupRule(conflicts=frozenset({"gone"}))}, grouped(g="a"))
    assert names(admitted([waiting("a")], [Running("x")], limits)) == "a"


def test_a_circle_of_parents_is_gone_through_once() -> None:
    groups = {"g": GroupRule(parent="h"), "h": GroupRule(parent="g"), "i": GroupRule(parent="gone")}
    assert lineage(groups, "g") == ["g", "h"]
    assert lineage(groups, "i") == ["i"]
    assert lineage(groups, "gone") == []


@given(
    some.lists(
        some.tuples(some.integers(0, 19), some.integers(0, 100), some.sampled_from("st")), max_size=20, unique_by=lambda run: run[0]
    ),
    some.lists(some.integers(20, 39), max_size=10, unique=True),
    some.lists(some.frozensets(some.sampled_from("ghp")), min_size=40, max_size=40),
    some.integers(1, 6),
    some.integers(1, 6),
    some.integers(1, 10),
)
def test_no_limit_is_ever_passed_and_no_room_is_left_to_a_run_that_fits(
    runs: list[tuple[int, int, str]], busy: list[int], member_of: list[frozenset[str]], one: int, other: int, total: int
) -> None:
    groups = {"g": GroupRule(limit=one, parent="p"), "h": GroupRule(limit=other), "p": GroupRule(limit=one + 1)}
    limits = Limits(groups, {str(vm): names for vm, names in enumerate(member_of)}, {"s": other}, total)
    queue = [waiting(str(vm), priority=priority, schedule=schedule) for vm, priority, schedule in runs]
    running = [Running(str(vm)) for vm in busy]
    chosen = admitted(queue, running, limits)

    def fits(started: list[Waiting]) -> bool:
        vms = [*(one.vm for one in running), *(one.vm for one in started)]
        load = {name: sum(name in _with_parents(member_of[int(vm)]) for vm in vms) for name in groups}
        own = sum(one.schedule == "s" for one in started)
        touched = {name for one in started for name in _with_parents(member_of[int(one.vm)])}
        within = all(load[name] <= (groups[name].limit or 0) for name in touched)
        return not started or (within and own <= other and len(vms) <= total)

    assert fits(chosen)
    assert not any(fits([*chosen, run]) for run in queue if run not in chosen)


def _with_parents(names: frozenset[str]) -> set[str]:
    return set(names) | ({"p"} if "g" in names else set())


@pytest.mark.parametrize(
    ("running", "limits", "expected"),
    [
        ([Running("x")], Limits(total=1), Hold(Bound.TOTAL, 1)),
        ([Running("x", "s"), Running("y", "s")], Limits(schedules={"s": 2}), Hold(Bound.SCHEDULE, 2)),
        ([Running("x")], Limits({"g": GroupRule(limit=1)}, grouped(g="ax")), Hold(Bound.GROUP, 1, "g")),
        ([Running("x")], Limits({"p": GroupRule(limit=1), "g": GroupRule(parent="p")}, grouped(g="ax")), Hold(Bound.GROUP, 1, "p")),
        (
            [Running("x")],
            Limits({"g": GroupRule(conflicts=frozenset("h")), "h": GroupRule()}, grouped(g="a", h="x")),
            Hold(Bound.CONFLICT, 0, "h"),
        ),
        (
            [Running("x")],
            Limits({"h": GroupRule(conflicts=frozenset("g")), "g": GroupRule()}, grouped(g="a", h="x")),
            Hold(Bound.CONFLICT, 0, "h"),
        ),
    ],
)
def test_what_holds_a_run_back_is_named(running: list[Running], limits: Limits, expected: Hold) -> None:
    assert decide([waiting("a")], running, limits).held == {"run-a": expected}


def test_what_starts_is_held_by_nothing() -> None:
    found = decide([waiting("a"), waiting("b")], [], Limits(total=1))
    assert (names(found.free), found.held) == ("a", {"run-b": Hold(Bound.TOTAL, 1)})
