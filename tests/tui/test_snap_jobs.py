"""Pictures of the list of jobs and of a job's page."""

from __future__ import annotations

import pytest

from appliance.contract.jobs import CloudstackJob, JobLine
from tests.tui import operation as op
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import NOW, StandIn, console

ENDED = [op.job(31, "completed"), op.job(32, "failed"), op.job(33, "cancelled")]
LISTS = {
    "normal": [op.job(1), op.job(2, status="waiting", current_operation="Waiting for the other appliance"), *ENDED],
    "empty": [],
    "busy": [op.job(number, progress_percent=number * 4.9) for number in range(1, 21)] + ENDED,
}
PART = JobLine(id="job-01a1fc2b58f0c4d2a7b1e693", kind="replication", title="Replication of web01", status="completed")
GIVEN = [
    CloudstackJob(
        id=f"8f3c2a54-6f1e-4a57-9a41-0d9c7b2e5f0{n}",
        command=command,
        operation="x",
        status=status,
        correlation_id="x",
        created_at=NOW,
        updated_at=NOW,
    )
    for n, (command, status) in enumerate((("detachVolume", "done"), ("createSnapshot", "failed"), ("attachVolume", "pending")))
]
CORRELATED = [line.model_copy(update={"correlation": "job-01a1fc2b4a83d1029cc05a7f"}) for line in op.LOG]
PAGES = {"busy": op.job(1), "failed": op.failed_job(1), "normal": op.job(1, "completed")}


@SIZES
@pytest.mark.parametrize("state", LISTS)
def test_jobs(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(jobs=op.jobs_of(*LISTS[state]))))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("jobs"))


@SIZES
@pytest.mark.parametrize("state", PAGES)
def test_job_page(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    one = PAGES[state]
    app = console(StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=op.LOG)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("jobs", "enter"))


def test_log_of_a_job(snap_compare) -> None:  # type: ignore[no-untyped-def]
    one = op.job(1)
    app = console(StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=op.LOG)))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("jobs", "enter", "f6"))


@SIZES
def test_what_is_done_elsewhere_for_a_job(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    one = op.job(1, children=[PART], cloudstack_jobs=GIVEN)
    app = console(StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=CORRELATED)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("jobs", "enter", "f6", "f6"))


def test_only_failovers(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(jobs=op.jobs_of(op.job(1)))))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("jobs", *["f6"] * 4))


def test_question_before_a_job_is_cancelled(snap_compare) -> None:  # type: ignore[no-untyped-def]
    one = op.job(1)
    app = console(StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=op.LOG)))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("jobs", "enter", "f4", "enter"))
