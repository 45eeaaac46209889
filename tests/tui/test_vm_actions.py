"""What can be done to a VM: by table, and by keys."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import OptionList, Static

from appliance.contract.errors import FaultSpec
from appliance.contract.replications import Replication, VmContext
from appliance.contract.types import JobRef
from appliance.tui import actions, words
from appliance.tui.screens.failover import seconds_problem
from appliance.tui.screens.job import JobScreen
from appliance.tui.screens.vm import VmScreen
from appliance.tui.vm_lines import last_operation, meaning, vm_facts
from appliance.tui.widgets.dialog import Confirm, Tell
from appliance.tui.widgets.notice import Notice
from tests.tui import operation as op
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, StandIn, console

HAS_RUN = FaultSpec("failover.has_run", 409, "The new machine of web01 has been started.", "Confirm that it is discarded.")
STARTED = JobRef(job_id="job-7")


def offered(vm: VmContext) -> list[str]:
    return [one.key for one in actions.vm_actions(vm)]


@pytest.mark.parametrize(
    ("state", "keys"),
    [
        ("discovered", ["sync", "networks"]),
        ("replicating", []),
        ("ready_for_failover", ["sync", "test", "live", "verify", "networks"]),
        ("failed_over_test", ["clean_up"]),
        ("failed_over_live", ["rollback", "finalise"]),
        ("cleanup_required", ["repair"]),
        ("migrated", []),
        ("failed", ["sync", "networks"]),
    ],
)
def test_each_state_has_its_actions(state: str, keys: list[str]) -> None:
    assert offered(op.vm(current_status=state)) == keys


def test_the_table_has_every_state() -> None:
    assert set(actions.VM_ACTIONS) == set(words.STATES)


def test_a_busy_vm_can_only_be_cancelled() -> None:
    assert offered(op.copying()) == ["cancel"]


@pytest.mark.parametrize("flaw", [{"torn_since": NOW}, {"consistent_at": None}, {"diverged_since": NOW}])
def test_no_machine_is_started_from_a_copy_that_is_not_whole(flaw: dict[str, object]) -> None:
    assert offered(op.vm(**flaw)) == ["sync", "networks"]


@pytest.mark.parametrize(("doubt", "keys"), [("whole", ["sync", "accept", "networks"]), ("written", ["sync", "networks"])])
def test_after_a_restore_a_copy_can_be_used_as_it_is_unless_it_may_be_half_written(doubt: str, keys: list[str]) -> None:
    restored = op.vm(current_status="failed", torn_since=NOW, doubt=doubt)
    assert offered(restored) == keys
    assert "came back from a back-up" in meaning(restored)


def test_what_failed_can_be_started_again_where_its_operation_can() -> None:
    assert offered(op.failed()) == ["sync", "retry", "networks"]
    summary = op.failed().last_operation_summary or {}
    stuck = op.failed(current_status="cleanup_required", last_operation_summary=summary | {"kind": "live_failover"})
    assert offered(stuck) == ["repair"]


@pytest.mark.parametrize(
    ("status", "kind", "keys"),
    [
        ("running", "replication", ["cancel"]),
        ("waiting", "replication", ["cancel"]),
        ("undoing", "replication", []),
        ("completed", "replication", []),
        ("failed", "live_failover", ["retry"]),
        ("cancelled", "replication", ["retry"]),
        ("failed", "transfer", []),
    ],
)
def test_each_state_of_a_job_has_its_actions(status: str, kind: str, keys: list[str]) -> None:
    assert [one.key for one in actions.job_actions(op.job(1, status, kind=kind))] == keys


@pytest.mark.parametrize(("kind", "typed"), [("replication", False), ("live_failover", True), ("rollback", True), ("", True)])
def test_starting_again_asks_as_the_operation_does(kind: str, typed: bool) -> None:
    assert actions.retrying(kind, "It").typed is typed


@pytest.mark.parametrize("action", actions.EXPLAINED)
def test_every_question_names_the_vm(action: actions.Action) -> None:
    question, consequences = action.asked("web01")
    assert "web01" in question
    assert "{" not in question + consequences


def test_the_help_explains_every_action() -> None:
    assert all(one.title.removesuffix(" …") in VmScreen.HELP for one in actions.EXPLAINED)


@pytest.mark.parametrize(
    ("text", "good"), [("1", True), ("3600", True), ("0", False), ("3601", False), ("", False), ("²", False), ("5.5", False)]
)
def test_the_time_to_shut_down_is_checked(text: str, good: bool) -> None:
    assert (seconds_problem(text) == "") is good


def test_the_last_operation_reads_as_a_sentence() -> None:
    assert last_operation(op.vm(1), NOW) == "Replication of web01: done, 18 min ago"
    assert last_operation(op.failed(1), NOW) == f"Replication of web01: failed, 7 min ago. {op.REFUSED.message}"
    assert last_operation(op.vm(last_operation_summary=None), NOW) == "none yet"


def test_a_torn_copy_is_explained() -> None:
    assert "torn since 2026-11-20 02:55:05 UTC" in meaning(op.failed())


def test_a_failure_says_what_it_means_and_what_to_do() -> None:
    facts = {fact[0]: fact[1] for fact in vm_facts(op.failed(), NOW, short=True)}
    assert facts["What it means"] == op.REFUSED.message
    assert facts["What to do"] == op.REFUSED.guidance


def told(app: Any) -> str:
    return str(app.screen.query_one(Notice).content)


async def test_a_copy_is_started_after_the_question() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1), jobs=[], replicate=Replication(context_id="ctx-0001", job_id="job-7")))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter")(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert not stand_in.called("replicate")
        await pilot.press("f8")
        await settled(pilot)
        assert stand_in.called("replicate")[0]["body"].context_id == "ctx-0001"  # type: ignore[attr-defined]
        assert told(pilot.app) == "A copy of web01 was started."


async def test_escape_starts_nothing() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1), jobs=[]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter", "escape")(pilot)
        assert isinstance(pilot.app.screen, VmScreen)
        assert not stand_in.called("replicate")


async def test_a_test_is_cleaned_up() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1, current_status="failed_over_test"), jobs=[], cleanup=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter", "f8")(pilot)
        assert stand_in.called("cleanup") == [{"vm": "ctx-0001"}]


@pytest.mark.parametrize(("keys", "power_on"), [(("enter",), False), (("down", "enter"), True)])
async def test_a_rollback_asks_about_the_source_and_wants_the_name(keys: tuple[str, ...], power_on: bool) -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1, current_status="failed_over_live"), jobs=[], rollback=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter", *keys, "f8")(pilot)
        assert not stand_in.called("rollback")
        await pilot.press(*"web01", "f8")
        await settled(pilot)
        assert stand_in.called("rollback")[0]["body"].power_on_source is power_on  # type: ignore[attr-defined]


async def test_finalising_wants_the_name() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1, current_status="failed_over_live"), jobs=[], finalise=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", *"web02", "f8")(pilot)
        assert not stand_in.called("finalise")
        await pilot.press("backspace", "1", "f8")
        await settled(pilot)
        assert len(stand_in.called("finalise")) == 1


async def test_a_failed_live_run_is_only_discarded_after_a_second_question() -> None:
    stuck = op.failed(1, current_status="cleanup_required", last_failure=None)
    stand_in = StandIn("oma", op.answers(stuck, jobs=[]))
    stand_in.answers["cleanup_failed"] = lambda vm, body: STARTED if body.discard_new_vm else HAS_RUN()
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter", "f8", *"web01", "f8", "enter")(pilot)
        asked = [call["body"].discard_new_vm for call in stand_in.called("cleanup_failed")]  # type: ignore[attr-defined]
        assert asked == [False, True]


async def test_the_running_job_is_cancelled_after_saying_what_that_leaves() -> None:
    one = op.job(1)
    stand_in = StandIn("oma", op.answers(op.copying(1), jobs=[one], job=op.job_of(one), cancel_job=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter")(pilot)
        assert "stays incomplete" in " ".join(str(each.content) for each in pilot.app.screen.query(Static))
        await pilot.press("f8")
        await settled(pilot)
        assert stand_in.called("cancel_job") == [{"job_id": "job-101"}]


async def test_what_failed_is_started_again() -> None:
    stand_in = StandIn("oma", op.answers(op.failed(1), jobs=[], retry_job=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "f8")(pilot)
        assert stand_in.called("retry_job") == [{"job_id": "job-9"}]


async def test_a_refusal_is_said_on_the_page() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1, current_status="failed_over_test"), jobs=[], cleanup=HAS_RUN()))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "enter", "f8")(pilot)
        assert told(pilot.app) == "The new machine of web01 has been started. Confirm that it is discarded."


async def test_a_migrated_vm_offers_nothing_and_says_so() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1, current_status="migrated"), jobs=[]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4")(pilot)
        assert isinstance(pilot.app.screen, Tell)
        assert not pilot.app.screen.query(OptionList)


async def test_enter_on_a_job_opens_its_page() -> None:
    one = op.job(1, "completed")
    stand_in = StandIn("oma", op.answers(op.vm(1), jobs=[one], job=op.job_of(one)))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("enter")(pilot)
        assert isinstance(pilot.app.screen, JobScreen)
        assert stand_in.called("jobs")[-1] == {"vm": "ctx-0001", "limit": 50}


@pytest.mark.parametrize(
    ("name", "word"),
    [("web01", "web01"), ("web 01", "web 01"), ("Büro", "live"), (" web01", "live"), ("東京", "live"), ("", "live"), ("x" * 81, "live")],
)
def test_a_name_that_not_every_keyboard_has_need_not_be_typed(name: str, word: str) -> None:
    assert actions.LIVE.word(name) == word
    assert not actions.SYNC.word(name)


async def test_a_key_pressed_again_breaks_nothing_off_and_asks_once() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1), jobs=[], failover_test=STARTED))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", "down", "enter", "f8", "f8")(pilot)
        stand_in.delay = 0.2
        await pilot.press("f8", "f8", "f8")
        stand_in.delay = 0.0
        await pilot.pause(0.5)
        assert len(stand_in.called("failover_test")) == 1
        assert "was started" in str(pilot.app.screen.query_one(Notice).content)
