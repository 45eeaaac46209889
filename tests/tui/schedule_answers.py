"""Schedules, runs, machine groups and windows for the screens' tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from appliance.contract.jobs import Problem
from appliance.contract.schedules import Execution, ExecutionStatus, Group, Member, NextRun, Schedule
from appliance.contract.windows import BandwidthWindow, Day, FleetWindows, Window, WindowsNow
from tests.tui import operation as op
from tests.tui.stand_in import NOW

OFFICE = Window(name="office", days=[Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI], start="08:00", end="18:00", timezone="Europe/Berlin")
LIMIT = BandwidthWindow(name="", start="06:00", end="20:00", timezone="UTC", bytes_per_second=100 << 20)
BUSY = Problem(
    key="schedule.busy", message="Another operation was under way for web02.",
    guidance="Nothing needs to be done if this is rare; else run it less often.",
)  # fmt: skip


def schedule(number: int = 1, **changes: Any) -> Schedule:
    """A schedule that runs every night in Berlin."""
    found = Schedule(
        id=f"sched-{number}", name=["nightly", "web servers", "by hand"][number - 1], description="", cron="0 30 2 * * *",
        timezone="Europe/Berlin", enabled=True, group_id=None, group_name="", vm_context_ids=["ctx-0001", "ctx-0002"], on_missed="once",
        on_gap="run_after", spread_seconds=60, max_concurrent=4, quiesce=False, blackouts=[OFFICE], next_run=NOW + timedelta(hours=22),
        decided_until=NOW, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    return found.model_copy(update=changes)


def run(number: int = 1, **changes: Any) -> Execution:
    """A run of web01 that is done."""
    due = NOW - timedelta(hours=2)
    found = Execution(
        id=f"run-{number}", schedule_id="sched-1", schedule_name="nightly", vm_context_id=f"ctx-{number:04}", vm_name=f"web{number:02}",
        started_by="schedule", due_at=due, missed_since=None, start_at=due, status="started", reason=None, job_id=f"job-{100 + number}",
        job_status="completed", job_title=f"Replication of web{number:02}", created_at=due, decided_at=due,
    )  # fmt: skip
    return found.model_copy(update=changes)


def skipped(number: int = 2, **changes: Any) -> Execution:
    """A run that was skipped."""
    return run(
        number, **({"status": ExecutionStatus.SKIPPED, "reason": BUSY, "job_id": None, "job_status": None, "job_title": None} | changes)
    )


def next_runs(count: int = 10, **_: object) -> list[NextRun]:
    """Half past two in Berlin, each day."""
    first = datetime(2026, 11, 21, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    days = [first + timedelta(days=number) for number in range(count)]
    return [NextRun(at=one.astimezone(ZoneInfo("UTC")), local=one.isoformat()) for one in days]


def group(number: int = 1, **changes: Any) -> Group:
    """A group with two VMs."""
    found = Group(
        id=f"group-{number}", name=["databases", "web", "everything"][number - 1], description="", priority=[90, 50, 10][number - 1],
        max_concurrent=2, parent_id=None if number == 3 else "group-3", conflicts_with=[], member_count=2, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    return found.model_copy(update=changes)


GROUPS = [group(1, conflicts_with=["group-2"], description="ordered by the shop"), group(2), group(3, max_concurrent=None, member_count=0)]


def member(number: int = 1) -> Member:
    """A VM in a group."""
    at = NOW - timedelta(days=number)
    return Member(context_id=f"ctx-{number:04}", vm_name=f"web{number:02}", current_status="ready_for_failover", added_at=at)


FLEET = FleetWindows(blackouts=[OFFICE], bandwidth=[LIMIT], max_concurrent=8)


def now_of(blackout: Window | None = None, limit: int | None = None) -> WindowsNow:
    """What the windows say now."""
    return WindowsNow(at=NOW, blackout=blackout, bytes_per_second=limit)


def answers(**changes: object) -> dict[str, object]:
    """An OMA with two VMs, three schedules, three groups and two windows."""
    off = schedule(3, enabled=False, next_run=None, group_id="group-1", group_name="databases", vm_context_ids=[])
    soon = schedule(2, group_id="group-2", group_name="web", next_run=NOW + timedelta(minutes=26), cron="0 30 * * * *", timezone="UTC")
    found = [schedule(1), soon, off]
    failed = run(3, id="run-9", schedule_id="sched-2", job_status="failed")
    return op.answers(op.vm(1), op.vm(2), op.vm(3)) | {
        "schedules": found,
        "schedule": lambda schedule_id: next(one for one in found if one.id == schedule_id),
        "executions": [run(1), skipped(2), failed],
        "schedule_history": [run(1), skipped(2), run(1, id="run-8", due_at=NOW - timedelta(days=1), job_status="failed")],
        "next_runs": next_runs(),
        "preview_line": lambda body: next_runs(body.count),
        "groups": GROUPS,
        "group": lambda group_id: next(one for one in GROUPS if one.id == group_id),
        "members": [member(1), member(2)],
        "windows": FLEET,
        "windows_now": now_of(),
    } | changes  # fmt: skip


EMPTY: dict[str, object] = {
    "schedules": [],
    "executions": [],
    "schedule_history": [],
    "groups": [],
    "members": [],
    "windows": FleetWindows(),
    "windows_now": now_of(),
}
"""Nothing was made yet."""
