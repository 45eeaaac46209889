"""The list of VMs: a thousand of them, narrowing, and what it leads to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from textual.widgets import Static

from appliance.contract.errors import FaultSpec
from appliance.contract.replications import Replication
from appliance.tui.screens.protect import ProtectScreen
from appliance.tui.screens.vm import VmScreen
from appliance.tui.screens.vms import VmsScreen
from appliance.tui.vm_lines import matches, now_doing, state, vm_row
from appliance.tui.widgets.form import Choice
from appliance.tui.widgets.notice import Notice
from appliance.tui.widgets.table import Listing
from tests.tui import operation as op
from tests.tui.drawing import drawn_cells
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, StandIn, console

AWAY = FaultSpec("test.away", 503, "The vCenter does not answer.", "Check that it runs.")
MANAGED = FaultSpec("test.managed", 409, "web01 is under management already.", "Start an operation on it.")


def reading(screen: VmsScreen) -> list[str]:
    return [row.cells[0] for row in screen.query_one(Listing)._rows]


async def refreshed(pilot: Any) -> None:
    """Until the agent was asked again."""
    screen = pilot.app.screen
    screen.asked = False
    screen.action_reload()
    await settled(pilot)


@pytest.mark.parametrize(
    ("vm", "text"),
    [
        (op.vm(current_status="discovered", consistent_at=None), "Discovered"),
        (op.copying(consistent_at=None), "Copying"),
        (op.vm(), "Ready"),
        (op.failed(), "Failed, torn"),
        (op.failed(consistent_at=None), "Failed, full copy"),
        (op.failed(current_status="cleanup_required", torn_since=None), "Needs clean-up"),
    ],
)
def test_the_state_says_what_is_wrong_with_the_copy(vm, text: str) -> None:  # type: ignore[no-untyped-def]
    assert state(vm) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [(None, "–"), (NOW + timedelta(hours=2), "05:04"), (NOW + timedelta(days=3), "23 Nov"), (NOW - timedelta(minutes=1), "03:03")],
)
def test_the_next_run_is_a_time_or_a_date_or_a_dash(at: datetime | None, text: str) -> None:
    assert vm_row(op.vm(next_run=at), NOW).cells[3] == text


def test_a_vm_that_was_never_copied_says_so() -> None:
    assert vm_row(op.vm(consistent_at=None), NOW).cells[2] == "never"


def test_the_detail_says_what_failed_and_what_to_do() -> None:
    text = now_doing(op.failed(), NOW)
    assert op.REFUSED.message in text
    assert op.REFUSED.guidance in text


@pytest.mark.parametrize(("typed", "fits"), [("web", True), ("WEB 01", True), ("ready", True), ("copying", False), ("example.net", True)])
def test_every_word_that_is_typed_has_to_fit(typed: str, fits: bool) -> None:
    assert matches(op.vm(1), typed) is fits


async def test_a_refresh_draws_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    vms = [op.vm(number) for number in range(1, 6)] + [op.copying(6)]
    stand_in = StandIn("oma", op.answers(*vms))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms")(pilot)
        drawn = drawn_cells(monkeypatch)
        stand_in.answers["contexts"] = [*vms[:5], op.copying(6, percent=61.0)]
        await refreshed(pilot)
        assert drawn == [("ctx-0006", "4")]


async def test_of_a_thousand_vms_only_what_changed_is_drawn_and_nothing_when_the_cursor_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    vms = [op.vm(number) for number in range(1, 1001)]
    stand_in = StandIn("oma", op.answers(*vms))
    async with console(stand_in).run_test(size=(160, 50)) as pilot:
        await op.opened("vms")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, VmsScreen)
        screen.query_one(Listing).go_to("ctx-0500")
        await pilot.pause()
        drawn = drawn_cells(monkeypatch)
        stand_in.answers["contexts"] = [*vms[:6], op.copying(7), *vms[7:]]
        await refreshed(pilot)
        assert {row for row, _ in drawn} == {"ctx-0007"}
        drawn.clear()
        await pilot.press("down")
        assert screen.query_one(Listing).chosen == "ctx-0501" and drawn == []


async def test_the_cursor_stays_on_its_vm_when_others_come_and_go() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(2), op.vm(4), op.vm(6)))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "down")(pilot)
        stand_in.answers["contexts"] = [op.vm(1), op.vm(3), op.vm(4)]
        await refreshed(pilot)
        assert pilot.app.screen.query_one(Listing).chosen == "ctx-0004"


async def test_typing_narrows_the_list_and_escape_shows_all_again() -> None:
    stand_in = StandIn("oma", op.answers(*op.every_state()))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f3", *"torn")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, VmsScreen)
        assert reading(screen) == ["web08"]
        await pilot.press("escape")
        await pilot.pause()
        assert len(reading(screen)) == 9
        assert pilot.app.screen is screen
        assert screen.query_one(Listing).has_focus


async def test_a_thousand_vms_are_there_again_with_the_cursor_where_it_was() -> None:
    stand_in = StandIn("oma", op.answers(*[op.vm(number) for number in range(1, 1001)]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f3", *"web999")(pilot)
        listing = pilot.app.screen.query_one(Listing)
        for _ in range(3):
            await settled(pilot)
            assert listing.row_count == 1
            await pilot.press("escape")
            await pilot.pause()
            assert listing.row_count == 1000
            assert listing.chosen == "ctx-0999"
            await pilot.press("f3", *"web999")
            await pilot.pause()


async def test_enter_keeps_the_list_narrow_and_then_opens_the_vm() -> None:
    stand_in = StandIn("oma", op.answers(*op.every_state(), jobs=[]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "ctrl+f", *"torn", "enter", "enter")(pilot)
        assert isinstance(pilot.app.screen, VmScreen)
        assert stand_in.called("context")[0] == {"vm": "ctx-0008"}


async def test_it_can_be_used_on_a_tiny_terminal() -> None:
    answers = op.answers(*op.every_state(), jobs=[], job=op.job_of(op.job(2)))
    async with console(StandIn("oma", answers)).run_test(size=(40, 10)) as pilot:
        await op.opened("vms", "down", "f3", "w", "enter", "f4", "escape", "enter", "f6", "f6", "f4", "enter", "escape", "escape")(pilot)
        await pilot.resize_terminal(80, 25)
        assert isinstance(pilot.app.screen, VmsScreen)


async def test_protecting_asks_the_vcenter_and_then_starts_the_first_copy() -> None:
    stand_in = StandIn(
        "oma",
        op.answers(credentials=[op.CREDENTIAL], discover=op.found(op.line(1)), replicate=Replication(context_id="ctx-1", job_id="job-1")),
    )
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", *"web", "enter", "enter", "enter", "f8")(pilot)
        looked = stand_in.called("preflight_protection")[0]["body"]
        assert (looked.credential_id, looked.vm_path) == (3, "/DC1/vm/Web/web01")  # type: ignore[attr-defined]
        asked, started = stand_in.called("discover")[0]["body"], stand_in.called("replicate")[0]["body"]
        assert (asked.credential_id, asked.name_contains) == (3, "web")  # type: ignore[attr-defined]
        assert (started.credential_id, started.vm_path, started.start_replication) == (3, "/DC1/vm/Web/web01", True)  # type: ignore[attr-defined]
        assert "first copy has started" in str(pilot.app.screen.query_one(Notice).content)


async def test_protecting_can_only_add_the_vm() -> None:
    answers = op.answers(credentials=[op.CREDENTIAL], discover=op.found(op.line(1)), replicate=Replication(context_id="ctx-1", job_id=None))
    stand_in = StandIn("oma", answers)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter", "enter", "down", "enter")(pilot)
        assert stand_in.called("replicate")[0]["body"].start_replication is False  # type: ignore[attr-defined]


async def test_a_vm_that_is_protected_is_not_added_again() -> None:
    stand_in = StandIn("oma", op.answers(op.vm(1), credentials=[op.CREDENTIAL], discover=op.found(op.line(1))))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter", "enter")(pilot)
        assert "protected already" in str(pilot.app.screen.query_one(Notice).content)
        assert not stand_in.called("replicate")


@pytest.mark.parametrize(("answer", "where"), [("discover", ".problem"), ("replicate", "Notice")])
async def test_what_the_agent_refuses_is_shown_beside(answer: str, where: str) -> None:
    answers = op.answers(credentials=[op.CREDENTIAL], discover=op.found(op.line(1))) | {answer: AWAY()}
    async with console(StandIn("oma", answers)).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter", "enter", "enter", "f8")(pilot)
        assert isinstance(pilot.app.screen, ProtectScreen)
        assert "The vCenter does not answer. Check that it runs." in str(pilot.app.screen.query_one(where, Static).content)


async def test_without_a_login_the_page_says_how_one_is_added_and_goes_on_when_there_is_one() -> None:
    stand_in = StandIn("oma", op.answers(credentials=[]))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter", "f3")(pilot)
        nothing = pilot.app.screen.query_one("#no-login", Static)
        assert "Press F7 to go to the vCenter credentials" in str(nothing.content)
        assert nothing.display
        stand_in.answers["credentials"] = [op.CREDENTIAL]
        await refreshed(pilot)
        assert not nothing.display


async def test_a_vm_is_protected_with_the_login_it_was_found_with() -> None:
    other = op.CREDENTIAL.model_copy(update={"id": 4, "name": "other", "vcenter_host": "other.example.net", "is_default": False})
    answers = op.answers(
        credentials=[op.CREDENTIAL, other], discover=op.found(op.line(1)), replicate=Replication(context_id="ctx-1", job_id=None)
    )
    stand_in = StandIn("oma", answers)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter")(pilot)
        pilot.app.screen.query_one("#credential", Choice).focus_input()
        await pilot.press("down", "tab", "tab", "enter")
        await settled(pilot)
        await op.pressed(pilot, ["enter", "f8"])
        assert stand_in.called("preflight_protection")[0]["body"].credential_id == 3  # type: ignore[attr-defined]
        assert stand_in.called("replicate")[0]["body"].credential_id == 3  # type: ignore[attr-defined]


async def test_a_login_that_was_used_since_stays_chosen_and_one_that_goes_takes_what_it_found() -> None:
    stand_in = StandIn("oma", op.answers(credentials=[op.CREDENTIAL], discover=op.found(op.line(1))))
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter")(pilot)
        listing = pilot.app.screen.query_one(Listing)
        stand_in.answers["credentials"] = [op.CREDENTIAL.model_copy(update={"usage_count": 1})]
        await refreshed(pilot)
        assert listing.has_focus
        stand_in.answers["credentials"] = []
        await refreshed(pilot)
        stand_in.answers["credentials"] = [op.CREDENTIAL.model_copy(update={"id": 4})]
        await refreshed(pilot)
        assert listing.row_count == 0
        assert isinstance(pilot.app.screen, ProtectScreen)
