"""Schedules and windows by keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from appliance.contract.jobs import Problem
from appliance.contract.schedules import ExecutionStatus, OnGap, SaveSchedule
from appliance.contract.windows import BandwidthWindow, Day, FleetWindows, Window
from appliance.schedules.capacity import Bound, GroupRule, Hold
from appliance.schedules.faults import CRON_UNREADABLE, NAME_TAKEN, ZONE_UNKNOWN
from appliance.schedules.holds import waiting_for
from appliance.tui.schedule_lines import last_results, local, next_row, run_row, run_text, schedule_row, summary, targets, until
from appliance.tui.screens.schedule import ScheduleScreen
from appliance.tui.screens.schedule_form import ScheduleForm
from appliance.tui.screens.schedules import SchedulesScreen, told_runs
from appliance.tui.screens.windows import WindowsScreen
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.notice import Notice
from appliance.tui.widgets.table import Listing
from appliance.tui.window_lines import days_text, read_days, read_windows, window_text, windows_flaw
from tests.tui import operation as op
from tests.tui import schedule_answers as some
from tests.tui.hands import notice
from tests.tui.stand_in import NOW, StandIn, console

TRIED = 0.5
"""Seconds after which what was typed has been tried."""


def problem_of(pilot: Pilot[object], field: str) -> str:
    return str(pilot.app.screen.query_one(f"#{field}", Field).query_one(".problem", Static).content)


@pytest.mark.parametrize(
    ("days", "text"),
    [(list(Day), "daily"), (list(Day)[:5], "mon-fri"), ([Day.SUN, Day.SAT], "sat,sun"), ([Day.MON, Day.WED], "mon,wed")],
)
def test_days_read_as_they_are_typed(days: list[Day], text: str) -> None:
    assert days_text(days) == text
    assert set(read_days(text)) == set(days)


def test_days_may_go_on_over_the_end_of_the_week() -> None:
    assert read_days("Sat-Mon") == [Day.MON, Day.SAT, Day.SUN]


@pytest.mark.parametrize("text", ["", "mon 22:00-06:00", "daily 08:00 - 18:00 Asia/Tokyo; sat,sun 00:00-00:00 UTC at the weekend"])
def test_windows_that_can_be_typed(text: str) -> None:
    assert not windows_flaw(text)


@pytest.mark.parametrize("text", ["mon", "8:00-18:00", "mon 24:00-06:00", "noday 08:00-18:00", "mon 08:00"])
def test_windows_that_can_not_be_read_are_said_to_be_wrong(text: str) -> None:
    assert "such as" in windows_flaw(text)


@pytest.mark.parametrize("window", [some.OFFICE, Window(start="22:00", end="06:00"), Window(start="22:00", end="06:00", name="a night")])
def test_a_window_is_read_as_it_was_written(window: Window) -> None:
    assert read_windows(window_text(window, "Europe/Berlin"), "Europe/Berlin") == [window]


def test_the_last_result_is_that_of_the_last_time_alone() -> None:
    before = some.run(3, id="run-0", due_at=NOW - timedelta(days=2), job_status="failed")
    last = last_results([some.run(1), some.skipped(2), before])
    assert summary(last["sched-1"]) == "1 done, 1 skipped"
    assert summary([]) == "not run yet"


def test_a_failed_run_stands_out_in_the_list_but_not_of_a_schedule_that_is_off() -> None:
    failed = [some.run(job_status="failed")]
    assert schedule_row(some.schedule(), failed, NOW).tone == "bad"
    assert schedule_row(some.schedule(enabled=False), failed, NOW).tone == ""


def test_a_schedule_whose_last_run_is_too_long_ago_is_not_said_to_have_never_run() -> None:
    assert schedule_row(some.schedule(), None, NOW).cells[4] == "see its page"
    assert schedule_row(some.schedule(), [], NOW).cells[4] == "not run yet"


def test_a_run_by_hand_that_starts_nothing_says_so() -> None:
    assert told_runs("nightly", [some.skipped()])[0].startswith("Nothing of nightly was started. Another operation")
    assert told_runs("nightly", [some.run(), some.run(2)]) == ("nightly: 2 of 2 VMs wait for their start.", "good")


def test_what_a_schedule_is_for_and_when() -> None:
    assert targets(some.schedule(group_name="web")) == "web + 2 VMs"
    assert targets(some.schedule(vm_context_ids=["ctx-0001"])) == "1 VM"
    assert (until(None, NOW), until(NOW + timedelta(days=2), NOW)) == ("–", "22 Nov 03:04")
    assert until(NOW + timedelta(minutes=5, seconds=20), NOW) == "in 5 min 00 s"


def test_the_reason_of_a_skip_stands_in_its_line_and_in_full() -> None:
    assert "Another operation was under way" in run_row(some.skipped()).cells[3]
    hold = waiting_for(Hold(Bound.GROUP, 2, "g"), "web02", "nightly", {"g": GroupRule(name="Büro")})
    reason = Problem(key=hold.key, message=hold.message, guidance=hold.guidance)
    assert "as the machine group Büro may have at once (2)" in run_row(some.skipped(status="queued", reason=reason)).cells[3]
    text = run_text(some.skipped(missed_since=NOW))
    assert "else run it less often" in text and "missed since" in text


def test_the_next_run_is_told_in_both_time_zones() -> None:
    one = some.next_runs(1)[0]
    assert local(one) == "Sat 2026-11-21 02:30:00 +01:00"
    assert next_row(one, NOW).cells[1] == "2026-11-21 01:30:00"


async def test_a_schedule_opens_with_its_history_and_a_skip_is_told_in_full() -> None:
    async with console(StandIn("oma", some.answers())).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "enter", "down", "enter")(pilot)
        assert isinstance(pilot.app.screen, Tell)
        shown = " ".join(str(one.content) for one in pilot.app.screen.query(Static))
        assert "Another operation was under way for web02." in shown


async def test_f6_shows_the_next_runs() -> None:
    async with console(StandIn("oma", some.answers())).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "enter", "f6")(pilot)
        assert isinstance(pilot.app.screen, ScheduleScreen)
        assert pilot.app.screen.query_one("#next", Listing).has_focus
        assert pilot.app.screen.query_one("#next", Listing).row_count == 10


async def test_running_now_says_how_many_start_and_why_one_does_not() -> None:
    waits = some.run(1, status=ExecutionStatus.QUEUED, job_status=None)
    stand_in = StandIn("oma", some.answers(run_schedule=[waits, some.skipped(2)]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f4", "enter", "f8")(pilot)
        assert stand_in.called("run_schedule") == [{"schedule_id": "sched-1"}]
        assert "1 of 2 VMs" in notice(pilot) and "Another operation" in notice(pilot)


async def test_a_schedule_is_turned_off_after_a_question_and_on_without() -> None:
    stand_in = StandIn("oma", some.answers(disable_schedule=some.schedule(enabled=False), enable_schedule=some.schedule()))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f4", "down", "enter", "escape")(pilot)
        assert not stand_in.called("disable_schedule")
        await op.pressed(pilot, ["f4", "down", "enter", "f8"])
        assert stand_in.called("disable_schedule") == [{"schedule_id": "sched-1"}]
        await op.pressed(pilot, ["down", "down", "f4", "down", "enter"])
        assert stand_in.called("enable_schedule") == [{"schedule_id": "sched-3"}]


async def test_a_schedule_deleted_on_its_page_leads_back_to_the_list() -> None:
    stand_in = StandIn("oma", some.answers(delete_schedule=None))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "enter", "f4", "down", "down", "down", "enter", "f8")(pilot)
        assert stand_in.called("delete_schedule") == [{"schedule_id": "sched-1"}]
        assert isinstance(pilot.app.screen, SchedulesScreen)
        assert notice(pilot) == "nightly was deleted."


async def test_a_new_schedule_is_made_from_what_was_typed_and_chosen() -> None:
    stand_in = StandIn("oma", some.answers(create_schedule=some.schedule()))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f7", *"weekly", "f3", "enter", "down", "enter", "f8", "f6", "down", "enter")(pilot)
        pilot.app.screen.query_one("#blackouts", Field).value = "mon-fri 08:00-18:00"
        await op.pressed(pilot, ["f8"])
        body = stand_in.called("create_schedule")[0]["body"]
        assert isinstance(body, SaveSchedule)
        assert (body.name, body.vms, body.group_id, body.max_concurrent) == ("weekly", ["ctx-0001", "ctx-0002"], "group-1", None)
        assert body.blackouts == [Window(days=list(Day)[:5], start="08:00", end="18:00")]
        assert isinstance(pilot.app.screen, SchedulesScreen)
        assert notice(pilot) == "weekly was saved."


async def test_a_changed_schedule_keeps_what_was_not_touched() -> None:
    odd = some.OFFICE.model_copy(update={"name": "office; days"})
    before = some.schedule(blackouts=[odd], description="for the shop", quiesce=True, verify=True, enabled=False, on_gap=OnGap.SKIP)
    stand_in = StandIn("oma", some.answers(schedules=[before], update_schedule=before))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f4", "down", "down", "enter")(pilot)
        await op.pressed(pilot, ["f8"])
        body = stand_in.called("update_schedule")[0]["body"]
        assert isinstance(body, SaveSchedule)
        kept = {
            name: getattr(before, name) for name in ("name", "description", "cron", "enabled", "on_gap", "quiesce", "verify", "blackouts")
        }
        assert {name: getattr(body, name) for name in kept} == kept
        assert body.vms == before.vm_context_ids


async def test_a_schedule_for_nothing_is_not_sent() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f7", "x", "f8")(pilot)
        assert not stand_in.called("create_schedule")
        assert "Choose VMs" in notice(pilot)


async def test_the_next_five_runs_are_shown_while_a_line_is_typed_and_asked_for_once_a_pause() -> None:
    stand_in = StandIn("oma", some.answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f7", "tab")(pilot)
        await pilot.pause(TRIED)
        asked = len(stand_in.called("preview_line"))
        await pilot.press("end", *" 2030")
        await pilot.pause(TRIED)
        calls = stand_in.called("preview_line")
        assert len(calls) == asked + 1
        body = calls[-1]["body"]
        assert body.cron == "0 0 2 * * * 2030" and body.count == 5  # type: ignore[attr-defined]
        assert str(pilot.app.screen.query_one("#coming", Static).content).count("02:30:00") == 5


@pytest.mark.parametrize(
    ("refused", "field"),
    [(CRON_UNREADABLE(detail="75 is no minute"), "cron"), (ZONE_UNKNOWN(zone="UTC"), "zone")],
    ids=["cron", "zone"],
)
async def test_what_is_wrong_with_a_line_is_said_beside_it_while_it_is_typed(refused: Exception, field: str) -> None:
    async with console(StandIn("oma", some.answers(preview_line=refused))).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f7")(pilot)
        await pilot.pause(TRIED)
        assert str(refused).partition(".")[0] in problem_of(pilot, field)


@pytest.mark.parametrize(
    ("refused", "field"),
    [(NAME_TAKEN(noun="schedule", name="x"), "name"), (ZONE_UNKNOWN(zone="Mars/Base"), "blackouts")],
    ids=["name", "zone of a blackout"],
)
async def test_a_refusal_is_shown_beside_its_field_and_the_form_stays(refused: Exception, field: str) -> None:
    async with console(StandIn("oma", some.answers(create_schedule=refused))).run_test(size=(80, 25)) as pilot:
        await op.opened("schedules", "f7", "x", "f3", "enter", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, ScheduleForm)
        assert str(refused).partition(".")[0] in problem_of(pilot, field)


async def test_windows_are_saved_as_a_whole_with_what_others_did_meanwhile() -> None:
    stand_in = StandIn("oma", some.answers(windows=FleetWindows(), save_windows=lambda body: body))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("windows", "f7", "enter")(pilot)
        stand_in.answers["windows"] = some.FLEET
        await op.pressed(pilot, ["tab", *"22:00", "tab", *"06:00", "f8"])
        body = stand_in.called("save_windows")[0]["body"]
        assert body == some.FLEET.model_copy(update={"blackouts": [some.OFFICE, Window(start="22:00", end="06:00")]})
        assert isinstance(pilot.app.screen, WindowsScreen)
        assert notice(pilot) == "The window was saved."


async def test_a_limit_of_bandwidth_is_changed_and_removed() -> None:
    stand_in = StandIn("oma", some.answers(save_windows=lambda body: body))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("windows", "down", "enter", "enter")(pilot)
        pilot.app.screen.query_one("#mib", Field).value = "50"
        await op.pressed(pilot, ["f8"])
        await op.pressed(pilot, ["f9", "f8"])
        changed, removed = (one["body"] for one in stand_in.called("save_windows"))
        assert isinstance(changed, FleetWindows) and isinstance(removed, FleetWindows)
        assert [one.bytes_per_second for one in changed.bandwidth] == [50 << 20]
        assert isinstance(changed.bandwidth[0], BandwidthWindow)
        assert (removed.bandwidth, removed.blackouts) == ([], [some.OFFICE])


async def test_the_number_of_copies_at_once_is_set_and_taken_away() -> None:
    stand_in = StandIn("oma", some.answers(save_windows=lambda body: body))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("windows", "f4", "end", "enter", "end", "backspace", "f8")(pilot)
        body = stand_in.called("save_windows")[0]["body"]
        assert body == some.FLEET.model_copy(update={"max_concurrent": None})


@pytest.mark.parametrize("section", ["schedules", "groups", "windows"])
async def test_they_can_be_used_on_a_tiny_terminal(section: str) -> None:
    async with console(StandIn("oma", some.answers())).run_test(size=(40, 10)) as pilot:
        await op.opened(section, "f7", "escape", "enter", "escape", "f4", "escape")(pilot)
        assert pilot.app.screen.query_one(Notice).said == ""
