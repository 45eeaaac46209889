"""How schedules, their runs and machine groups read in lists and on their pages; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from appliance.contract.schedules import Execution, Group, Member, NextRun, OnGap, OnMissed, Schedule, StartedBy
from appliance.tui import words
from appliance.tui.job_lines import told
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row
from appliance.tui.window_lines import window_text

SCHEDULE_COLUMNS = (
    Column("Schedule"), Column("State", 8), Column("Next run", 14), Column("For", 15), Column("Last result", 22),
    Column("Cron line", 20, 110), Column("Time zone", 18, 130),
)  # fmt: skip
HISTORY_COLUMNS = (Column("Due", 17), Column("VM", 18), Column("Result", 10), Column("Reason or job"), Column("Run by", 9, 100))
NEXT_COLUMNS = (Column("In its time zone", 31), Column("UTC", 20), Column("In"))
GROUP_COLUMNS = (
    Column("Group"), Column("Priority", 9), Column("VMs", 6), Column("At once", 9), Column("Part of", 18), Column("Not beside", 0, 110),
)  # fmt: skip
MEMBER_COLUMNS = (Column("VM"), Column("State", 18), Column("In it since", 20))

MISSED = {OnMissed.ONCE: "one run for all that were missed", OnMissed.SKIP: "left out"}
GAP = {OnGap.RUN_AFTER: "run as soon as the clocks go on", OnGap.SKIP: "left out"}
RESULTS = {"queued": "waits", "starting": "starting", "started": "started", "skipped": "skipped"}
TONES = {"skipped": "warning", "failed": "bad"}
NOTHING = "–"
OLD = "see its page"


def until(at: datetime | None, now: datetime) -> str:
    """A time to come: how long until then within a day, else the date; a dash for none."""
    if at is None:
        return NOTHING
    left = at - now
    if left < timedelta(hours=24):
        return f"in {words.span(left.total_seconds() // 60 * 60)}" if left >= timedelta(minutes=1) else "now"
    return f"{at:%d %b %H:%M}"


def targets(schedule: Schedule) -> str:
    """What a schedule is for: a group, VMs, or both."""
    count = len(schedule.vm_context_ids)
    vms = "" if not count else f"{count} VM{'s' if count > 1 else ''}"
    return " + ".join(part for part in (schedule.group_name, vms) if part) or "nothing"


def result(one: Execution) -> str:
    """What became of one run, in a word: of its job, where it was started."""
    if one.job_status:
        return {"completed": "done", "running": "copying"}.get(one.job_status, words.OUTCOMES.get(one.job_status, one.job_status))
    return RESULTS.get(one.status, one.status)


def last_results(runs: Sequence[Execution]) -> dict[str, list[Execution]]:
    """By schedule, the runs that were due last. `runs` are newest first."""
    found: dict[str, list[Execution]] = {}
    for one in runs:
        last = found.setdefault(one.schedule_id, [])
        if not last or last[0].due_at == one.due_at:
            last.append(one)
    return found


def summary(runs: Sequence[Execution]) -> str:
    """Runs counted by what became of them: `11 done, 1 skipped`."""
    counted = Counter(result(one) for one in runs)
    return ", ".join(f"{count} {text}" for text, count in counted.most_common()) or "not run yet"


def tone(runs: Sequence[Execution]) -> str:
    """How a result is shown."""
    seen = {result(one) for one in runs}
    return "bad" if "failed" in seen else "warning" if "skipped" in seen else ""


def schedule_row(schedule: Schedule, last: Sequence[Execution] | None, now: datetime) -> Row:
    """A schedule in the list. `last` is None where its last runs are longer ago than those that were asked for."""
    cells = (
        schedule.name,
        "on" if schedule.enabled else "off",
        until(schedule.next_run, now),
        targets(schedule),
        OLD if last is None else summary(last),
        schedule.cron,
        schedule.timezone,
    )
    return Row(schedule.id, cells, tone(last or ()) if schedule.enabled else "")


def schedule_facts(schedule: Schedule, names: Mapping[str, str], now: datetime) -> list[Fact]:
    """The lines above a schedule's history. `names` are the VMs' by their context ids."""
    next_run = until(schedule.next_run, now)
    on = f"on, next run {next_run}{' UTC' if ':' in next_run else ''}" if schedule.next_run else "on, no run to come"
    state = on if schedule.enabled else "off: it runs only when it is run by hand"
    vms = ", ".join(names.get(one, one) for one in schedule.vm_context_ids)
    limit = f", {schedule.max_concurrent} at once" if schedule.max_concurrent else ""
    facts: list[Fact] = [
        ("State", state, "good" if schedule.enabled else "warning"),
        ("Cron line", f"{schedule.cron}   in {schedule.timezone}"),
        ("VMs", words.cut(" + ".join(part for part in (f"group {schedule.group_name}" if schedule.group_name else "", vms) if part), 130)),
        ("Starts", f"spread over {words.span(schedule.spread_seconds)}{limit}"),
        ("Missed runs", MISSED[schedule.on_missed]),
        ("Missing hour", GAP[schedule.on_gap]),
    ]
    if schedule.verify:
        facts.append(("Each run", "copies what changed, then compares every block"))
    if schedule.blackouts:
        facts.append(("Blackouts", "; ".join(window_text(one, schedule.timezone) for one in schedule.blackouts)))
    return facts


def run_row(one: Execution) -> Row:
    """A run in a schedule's history: why it was skipped, or its job."""
    because = told(one.reason) if one.reason else one.job_title or (f"from {one.start_at:%H:%M:%S} on" if one.status == "queued" else "")
    by = "by hand" if one.started_by is StartedBy.OPERATOR else "schedule"
    return Row(one.id, (f"{one.due_at:%Y-%m-%d %H:%M}", one.vm_name, result(one), because, by), TONES.get(result(one), ""))


def run_text(one: Execution) -> str:
    """A run in full."""
    lines = [f"VM: {one.vm_name or NOTHING}", f"Due: {words.moment(one.due_at)} UTC", f"Result: {result(one)}"]
    if one.missed_since:
        lines.append(f"For all runs missed since {words.moment(one.missed_since)} UTC")
    if one.job_title:
        lines.append(f"Job: {one.job_title}")
    return "\n".join(lines) + (f"\n\n{told(one.reason)}" if one.reason else "")


def local(run: NextRun) -> str:
    """A time as the clocks of the schedule's time zone show it: day of the week, date, time, offset."""
    shown = datetime.fromisoformat(run.local)
    return f"{shown:%a %Y-%m-%d %H:%M:%S} {run.local[19:] or ''}".strip()


def next_row(run: NextRun, now: datetime) -> Row:
    """A run to come."""
    left = words.span((run.at - now).total_seconds())
    return Row(run.at.isoformat(), (local(run), words.moment(run.at), left))


def preview(runs: Sequence[NextRun]) -> str:
    """The runs to come, below a cron line that is being typed."""
    lines = [local(one) for one in runs]
    return "\n".join(f"{'Next runs' if not number else '':<20}{line}" for number, line in enumerate(lines))


def group_row(group: Group, names: Mapping[str, str]) -> Row:
    """A group in the list. `names` are the groups' by their ids."""
    cells = (
        group.name,
        str(group.priority),
        str(group.member_count),
        str(group.max_concurrent) if group.max_concurrent else "no limit",
        names.get(group.parent_id or "", ""),
        ", ".join(names.get(one, one) for one in group.conflicts_with),
    )
    return Row(group.id, cells)


def group_facts(group: Group, names: Mapping[str, str]) -> list[Fact]:
    """The lines about a group."""
    beside = ", ".join(names.get(one, one) for one in group.conflicts_with)
    return [
        ("Description", group.description or NOTHING),
        ("Priority", f"{group.priority} (100 goes first)"),
        ("Copies at once", str(group.max_concurrent) if group.max_concurrent else "no limit of its own"),
        ("Part of", names.get(group.parent_id or "", NOTHING)),
        ("Not beside", beside or NOTHING),
    ]


def member_row(member: Member) -> Row:
    """A VM in a group."""
    state = words.STATES.get(member.current_status, member.current_status)
    return Row(member.context_id, (member.vm_name, state, words.moment(member.added_at)))
