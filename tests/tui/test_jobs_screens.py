"""The list of jobs, and a job's page that follows its job."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from textual.widgets import Static

from appliance.contract.jobs import Job, JobLine
from appliance.contract.types import JobRef
from appliance.tui.job_lines import job_facts, job_row, step_row, track
from appliance.tui.screens import job as job_screen
from appliance.tui.screens.job import JobScreen
from appliance.tui.screens.jobs import FAILOVERS, JobsScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.notice import Notice
from appliance.tui.widgets.progress import RateChart
from appliance.tui.widgets.table import Listing
from tests.tui import operation as op
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, StandIn, common, console


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "[........] 0%"), (0.5, "[====....] 50%"), (1.0, "[========] 100%"), (1.7, "[========] 100%"), (-1.0, "[........] 0%")],
)
def test_a_bar_in_a_list_is_made_of_plain_characters(fraction: float, text: str) -> None:
    assert track(fraction, 15) == text


def test_a_running_job_shows_rate_and_what_is_left() -> None:
    assert job_row(op.job(1), NOW).cells[:6] == (
        "Replication of web01", "running", "[====....] 45%", "82.5 MiB/s", "12 min 34 s", "Copying the disks",
    )  # fmt: skip


def test_a_job_that_ended_shows_when_and_why() -> None:
    row = job_row(op.job(1, "failed"), NOW)
    assert row.cells[1:6] == ("failed", "", "", "1 min ago", op.REFUSED.message)
    assert row.tone == "bad"


def test_a_job_of_a_kind_without_data_has_no_rate() -> None:
    assert job_row(op.job(1, pace=None), NOW).cells[3:5] == ("", "")


def test_steps_that_were_never_reached_are_not_to_do_any_more() -> None:
    waiting = op.job(1).steps[8]
    assert step_row(waiting, NOW, active=True).cells[1] == "to do"
    assert step_row(waiting, NOW, active=False).cells[1] == "not begun"


def test_a_job_that_has_not_started_says_so() -> None:
    one = op.job(1, status="pending", started_at=None, pace=None)
    assert ("Time", "created 2026-11-20 02:58:05 UTC, not started yet") in job_facts(one, NOW)


class Changing:
    """A job that is told of with each new revision, as the agent tells of it."""

    def __init__(self) -> None:
        self.now, self._changed = op.job(1), asyncio.Event()

    async def __call__(self, job_id: str, after: int = -1, wait: float = 0.0) -> Job:
        while wait and self.now.revision <= after:
            await self._changed.wait()
            self._changed.clear()
        return self.now

    def change(self, **changes: Any) -> None:
        self.now = self.now.model_copy(update=changes | {"revision": self.now.revision + 1})
        self._changed.set()


def titles(screen: JobsScreen) -> list[str]:
    return [row.cells[0] for row in screen.query_one(Listing)._rows]


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def read(pilot: Any, name: str) -> str:
    return str(pilot.app.screen.query_one(name, Listing)._rows)


async def test_running_jobs_come_first_and_the_ended_ones_are_not_asked_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobsScreen, "EVERY", 0.05)
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(op.job(5, "completed"), op.job(1), op.job(2))))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, JobsScreen)
        assert titles(screen) == ["Replication of web01", "Replication of web02", "Replication of web05"]
        asked = len(stand_in.called("jobs"))
        await until(lambda: len(stand_in.called("jobs")) > asked + 3)
        assert sum(call["active"] is False for call in stand_in.called("jobs")) == 1
        stand_in.answers["jobs"] = op.jobs_of(op.job(1, "failed"), op.job(5, "completed"), op.job(2))
        await until(lambda: titles(screen)[0] == "Replication of web02")
        assert sum(call["active"] is False for call in stand_in.called("jobs")) == 2


async def test_jobs_are_narrowed_by_typing() -> None:
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(op.job(1), op.job(2, "failed"), op.job(3, "failed"))))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "f3", *"failed 03")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, JobsScreen)
        assert titles(screen) == ["Replication of web03"]


async def test_the_jobs_of_a_vma_are_shown_without_an_omas_routes() -> None:
    one = op.job(1, kind="transfer", vm_name="")
    stand_in = StandIn("vma", {**common("vma"), "jobs": op.jobs_of(one), "job": op.job_of(one), "job_log": op.LOG})
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter")(pilot)
        assert isinstance(pilot.app.screen, JobScreen)
        assert not pilot.app.screen.query_one(Notice).display


async def test_a_change_of_the_job_is_shown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobScreen, "EVERY", 600.0)
    monkeypatch.setattr(job_screen, "AGAIN", 0.05)
    changing = Changing()
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(changing.now), job=changing))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter")(pilot)
        await until(lambda: any(call.get("wait") for call in stand_in.called("job")))
        assert stand_in.called("job")[-1]["after"] == 7
        changing.change(status="completed", completed_at=NOW + timedelta(seconds=1), progress_percent=100.0, steps=op.steps(9, "completed"))
        await until(lambda: "running" not in read(pilot, "#steps") and "to do" not in read(pilot, "#steps"))
        assert not pilot.app.screen.query_one("#bar").display


async def test_the_rate_is_kept_while_the_page_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobScreen, "EVERY", 600.0)
    monkeypatch.setattr(job_screen, "AGAIN", 0.05)
    monkeypatch.setattr(job_screen, "PAUSE", 0.01)
    changing = Changing()
    async with console(StandIn("oma", op.answers(jobs=op.jobs_of(changing.now), job=changing))).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter")(pilot)
        chart = pilot.app.screen.query_one(RateChart)
        for expected in (2, 3):
            changing.change()
            await until(lambda expected=expected: len(chart._rates) == expected)


async def test_the_page_survives_the_agents_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobScreen, "EVERY", 0.05)
    monkeypatch.setattr(job_screen, "AGAIN", 0.05)
    changing = Changing()
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(changing.now), job=changing))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter")(pilot)
        title = pilot.app.screen.query_one(TitleBar)
        stand_in.absent = True
        changing.change()
        await until(lambda: "does not answer" in title._alarm)
        changing.change(current_operation="Removing the snapshot in vCenter")
        stand_in.absent = False
        await until(lambda: not title._alarm)
        facts = pilot.app.screen.query_one("#facts")
        await until(lambda: "Removing the snapshot" in str(facts._facts))  # type: ignore[attr-defined]


async def test_enter_on_a_failed_step_shows_why_and_what_to_do() -> None:
    one = op.failed_job(1)
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one)))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter", *["down"] * 4, "enter")(pilot)
        assert isinstance(pilot.app.screen, Tell)
        assert op.REFUSED.guidance in " ".join(str(one.content) for one in pilot.app.screen.query(Static))


async def test_a_long_line_of_the_log_is_shown_in_full() -> None:
    one = op.job(1, "completed")
    line = op.LOG[0].model_copy(update={"message": "word " * 60 + "end"})
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=[line]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter", "f6", "enter")(pilot)
        assert any(str(each.content).endswith("word end") for each in pilot.app.screen.query(Static))


@pytest.mark.parametrize(("status", "name"), [("running", "cancel_job"), ("failed", "retry_job")])
async def test_a_job_is_cancelled_or_started_again_from_its_page(status: str, name: str) -> None:
    one = op.job(1, status)
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one)) | {name: JobRef(job_id="job-7")})
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter", "f4", "enter")(pilot)
        assert not stand_in.called(name)
        await pilot.press("f8")
        await settled(pilot)
        assert stand_in.called(name) == [{"job_id": "job-101"}]


async def test_it_can_be_used_on_a_tiny_terminal() -> None:
    one = op.job(1)
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=op.LOG))
    async with console(stand_in).run_test(size=(40, 10)) as pilot:
        await op.opened("jobs", "f3", "w", "enter", "enter", "f6", "f6", "f6", "f4", "escape")(pilot)
        await pilot.resize_terminal(160, 50)
        assert isinstance(pilot.app.screen, JobScreen)


async def test_the_choice_of_jobs_is_asked_for_at_the_agent() -> None:
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(op.job(1), op.failed_job(2))))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs")(pilot)
        title = pilot.app.screen.query_one(TitleBar)
        for which, asked in (
            ("running", {"active": True}),
            ("failed or cancelled", {"active": False, "status": "failed,cancelled"}),
            ("copies", {"kind": "replication,verification", "active": False}),
            ("failovers", {"kind": FAILOVERS, "active": True}),
        ):
            await pilot.press("f6")
            await until(lambda asked=asked: any(asked.items() <= one.items() for one in stand_in.called("jobs")[-2:]))
            await settled(pilot)
            assert f"Jobs: {which}" in title.heading
        await pilot.press("f6")
        await until(lambda: "kind" not in stand_in.called("jobs")[-1])


async def test_enter_opens_a_part_of_a_job_and_a_line_tells_its_correlation() -> None:
    part = JobLine(id="job-7", kind="replication", title="Last copy", status="completed")
    one = op.job(1, children=[part])
    line = op.LOG[0].model_copy(update={"correlation": "request-1"})
    stand_in = StandIn("oma", op.answers(jobs=op.jobs_of(one), job=op.job_of(one), job_log=[line]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("jobs", "enter", "f6", "enter")(pilot)
        assert any("Correlation: request-1" in str(each.content) for each in pilot.app.screen.query(Static))
        await op.pressed(pilot, ("escape", "f6", "enter"))
        await until(lambda: {"job_id": "job-7"} in stand_in.called("job"))
