"""How jobs read in lists and on their pages; pure."""

from __future__ import annotations

from datetime import datetime

from appliance.contract.jobs import Job, LogLine, Problem, Step
from appliance.tui import words
from appliance.tui.actions import ENDED
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

TONES = {"completed": "good", "failed": "bad", "cancelled": "warning", "waiting": "warning", "undoing": "warning", "undo_failed": "bad"}

BAR = 15
"""Cells of a bar in a list."""

JOB_COLUMNS = (
    Column("Job"), Column("State", 12), Column("Progress", BAR), Column("Rate", 11), Column("Left/ended", 12), Column("Doing now", 0, 110),
    Column("Took", 11, 120), Column("Started", 19, 140),
)  # fmt: skip
STEP_COLUMNS = (Column("Step"), Column("State", 19), Column("Began", 8), Column("Took", 11))
LOG_COLUMNS = (Column("Time", 8), Column("Message"), Column("Step", 26, 120), Column("Correlation", 30, 150))
ELSEWHERE_COLUMNS = (Column("What"), Column("State", 10), Column("Id", 38, 78))

OUTCOMES = {**words.OUTCOMES, "pending": "queued"}
"""The states of jobs as short as lists need them."""


def track(fraction: float, width: int) -> str:
    """A bar in plain characters with its percentage, `width` cells wide; `fraction` from 0 to 1."""
    share = min(1.0, max(0.0, fraction))
    room = width - 7
    return f"[{'=' * round(share * room):.<{room}}] {share * 100:.0f}%"


def left(eta_seconds: int | None) -> str:
    """How long something will still take, for a sentence."""
    return f"{words.span(eta_seconds)} left" if eta_seconds is not None else ""


def remaining(eta_seconds: int | None) -> str:
    """How long something will still take, for a column."""
    return words.span(eta_seconds) if eta_seconds is not None else ""


def took(began: datetime | None, ended: datetime | None, now: datetime) -> str:
    """How long something took, or has taken until now."""
    return words.span(((ended or now) - began).total_seconds()) if began else ""


def is_active(job: Job) -> bool:
    """Whether the job has not ended yet."""
    return job.status not in ENDED


def job_row(job: Job, now: datetime) -> Row:
    """A job in a list of jobs."""
    active = is_active(job)
    rate = words.rate(job.pace.rate_bps) if active and job.pace else ""
    cells = (
        job.title,
        OUTCOMES.get(job.status, job.status),
        track(job.progress_percent / 100, BAR) if active else "",
        rate,
        remaining(job.pace.eta_seconds if job.pace else None) if active else words.ago(job.completed_at, now),
        job.current_operation if active else (job.error.message if job.error else ""),
        took(job.started_at, job.completed_at, now),
        words.moment(job.started_at),
    )
    return Row(job.id, cells, TONES.get(job.status, "") if job.status != "completed" else "")


def step_row(step: Step, now: datetime, *, active: bool) -> Row:
    """A step on the page of its job; `active` while the job has not ended."""
    began = f"{step.started_at:%H:%M:%S}" if step.started_at else ""
    waiting = "to do" if active else "not begun"
    text = waiting if step.status == "pending" else words.OUTCOMES.get(step.status, step.status)
    cells = (step.title, text, began, took(step.started_at, step.completed_at, now) if step.status != "pending" else "")
    return Row(step.name, cells, TONES.get(step.status, ""))


def log_row(key: str, line: LogLine) -> Row:
    """A line of a job's log."""
    cells = (f"{line.at:%H:%M:%S}", line.message, line.step, line.correlation)
    return Row(key, cells, {"warning": "warning", "error": "bad"}.get(line.level, ""))


def elsewhere_rows(job: Job) -> list[Row]:
    """What is done for a job elsewhere: jobs that are a part of it, and those that CloudStack was given."""
    parts = [Row(one.id, (one.title, OUTCOMES.get(one.status, one.status), one.id), TONES.get(one.status, "")) for one in job.children]
    given = [
        Row(one.id, (f"CloudStack: {one.command}", one.status, one.id), "bad" if one.status == "failed" else "")
        for one in job.cloudstack_jobs
    ]
    return [*parts, *reversed(given)]


def told_line(line: LogLine) -> str:
    """A line of the log in full, with the id that finds all that was done for the same request."""
    return f"{line.message}\n\nCorrelation: {line.correlation}" if line.correlation else line.message


def told(problem: Problem) -> str:
    """What went wrong and what to do about it."""
    return f"{problem.message} {problem.guidance}".strip()


def job_facts(job: Job, now: datetime) -> list[Fact]:
    """The lines above a job's steps."""
    facts: list[Fact] = [("State", _state(job), TONES.get(job.status, ""))]
    if job.vm_name:
        facts.append(("VM", job.vm_name))
    facts.append(("Time", _times(job, now)))
    if job.pace and job.pace.total_bytes:
        facts.append(("Data", _data(job)))
    if job.error:
        facts += [("What happened", job.error.message, "bad"), ("What to do", job.error.guidance)]
    return facts


def _state(job: Job) -> str:
    state = words.OUTCOMES.get(job.status, job.status)
    return f"{state}: {job.current_operation}" if is_active(job) and job.current_operation else state


def _times(job: Job, now: datetime) -> str:
    if job.started_at is None:
        return f"created {words.moment(job.created_at)} UTC, not started yet"
    lasted = took(job.started_at, job.completed_at, now)
    if job.completed_at is None:
        return f"since {words.moment(job.started_at)} UTC, {lasted}"
    return f"{words.moment(job.started_at)} to {job.completed_at:%H:%M:%S} UTC, {lasted}"


def _data(job: Job) -> str:
    assert job.pace is not None
    pace = job.pace
    parts = [f"{words.size(pace.done_bytes)} of {words.size(pace.total_bytes)}"]
    if pace.skipped_bytes:
        parts.append(f"{words.size(pace.skipped_bytes)} needed no copying")
    if is_active(job):
        parts += [part for part in (words.rate(pace.rate_bps), left(pace.eta_seconds)) if part]
    return ", ".join(parts)
