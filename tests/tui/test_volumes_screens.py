"""Volumes, exports and operations."""

from __future__ import annotations

from textual.widgets import Static

from appliance.tui.screens.volumes import VolumesScreen, operation_row, volume_row
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.table import Listing
from appliance.tui.widgets.views import Views
from tests.tui import operation as op
from tests.tui.stand_in import NOW, StandIn, console


def answers() -> dict[str, object]:
    wrong = op.operation(2, type="delete_snapshot", status="failed", error="There is no such snapshot.")
    return op.answers(op.vm(1), volumes=[op.volume(1)], exports=[op.export(1)], volume_operations=[op.operation(1), wrong])


def test_a_volume_names_its_vm_and_where_it_is() -> None:
    assert volume_row(op.volume(1, volume_mode="failover"), {"ctx-0001": "web01"}).cells[1:6] == (
        "web01", "disk-2000", "40 GiB", "new machine", "none",
    )  # fmt: skip


def test_a_lost_snapshot_stands_out() -> None:
    row = volume_row(op.volume(1, snapshot_status="lost"), {})
    assert (row.cells[5], row.tone) == ("lost", "bad")


def test_an_operation_on_a_volume_that_is_gone_keeps_its_id() -> None:
    assert operation_row(op.operation(1), {}, NOW).cells[3] == op.volume(1).volume_id


async def test_f6_goes_through_the_lists_with_the_cursor_in_the_one_that_is_seen() -> None:
    async with console(StandIn("oma", answers())).run_test(size=(80, 25)) as pilot:
        await op.opened("volumes")(pilot)
        screen = pilot.app.screen
        for name in ("exports", "operations", "volumes"):
            await pilot.press("f6")
            await pilot.pause()
            seen = [one.id for one in screen.query(Listing) if one.display]
            assert seen == [name]
            assert screen.query_one(f"#{name}").has_focus
        assert screen.query_one(Views).current == 0


async def test_a_list_that_is_not_seen_gets_what_came_meanwhile() -> None:
    stand_in = StandIn("oma", answers())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("volumes", "f6", "f6", "f6")(pilot)
        for exports in ([op.export(2), op.export(1)], [op.export(3), op.export(2)], [op.export(3), op.export(2)]):
            stand_in.answers["exports"] = exports
            await pilot.app.screen.load()  # type: ignore[attr-defined]
        await pilot.press("f6")
        await pilot.pause()
        listing = pilot.app.screen.query_one("#exports", Listing)
        assert [listing.get_row_at(number)[0].plain for number in range(listing.row_count)] == ["web03-disk-2000", "web02-disk-2000"]


async def test_an_operation_is_shown_in_full_with_its_error() -> None:
    async with console(StandIn("oma", answers())).run_test(size=(80, 25)) as pilot:
        await op.opened("volumes", "f6", "f6", "down", "enter")(pilot)
        assert isinstance(pilot.app.screen, Tell)
        shown = " ".join(str(one.content) for one in pilot.app.screen.query(Static))
        assert "Delete snapshot" in shown
        assert "There is no such snapshot." in shown


async def test_it_can_be_used_on_a_tiny_terminal() -> None:
    async with console(StandIn("oma", answers())).run_test(size=(40, 10)) as pilot:
        await op.opened("volumes", "f6", "f6", "enter", "escape")(pilot)
        assert isinstance(pilot.app.screen, VolumesScreen)
