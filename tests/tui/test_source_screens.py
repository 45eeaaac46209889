"""What a VMA shows of its work: transfers with their rates, snapshots, vCenters."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from appliance.contract.source import Transfer
from appliance.tui.screens.records import keyed
from appliance.tui.screens.transfers import TransfersScreen, lines, text_bar
from appliance.tui.sections import sections_for
from appliance.tui.widgets.progress import ProgressLine, RateChart
from appliance.tui.widgets.table import Listing
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, open_screen, section
from tests.tui.snapshots import settled


async def test_the_cursor_stays_on_its_disk_while_transfers_come_and_go() -> None:
    app, agent = console_with("vma", transfers=answers.transfers(3))
    async with app.run_test(size=(80, 25)) as pilot:
        screen = TransfersScreen()
        await open_screen(pilot, screen)
        await pilot.press("down", "down", "down")
        chosen = screen.query_one(Listing).chosen
        assert chosen == "job-2/2001"
        agent.answers["transfers"] = answers.transfers(3)[1:]
        await pilot.press("f5")
        await pilot.pause(0.2)
        assert screen.query_one(Listing).chosen == chosen


async def test_the_chart_belongs_to_the_disk_under_the_cursor() -> None:
    app, _ = console_with("vma", transfers=answers.transfers())
    async with app.run_test(size=(80, 25)) as pilot:
        screen = TransfersScreen()
        await open_screen(pilot, screen)
        assert "114.4 MiB/s" in screen.query_one(RateChart).render().plain
        await pilot.press("down")
        await settled(pilot)
        assert "now 7.6 MiB/s" in screen.query_one(RateChart).render().plain
        assert "95 %" in screen.query_one(ProgressLine).render().plain


async def test_a_transfer_without_disks_yet_has_a_line_and_no_chart() -> None:
    app, _ = console_with("vma", transfers=answers.transfers(0))
    async with app.run_test(size=(80, 25)) as pilot:
        screen = TransfersScreen()
        await open_screen(pilot, screen)
        assert screen.query_one(Listing).row_count == 1
        assert not screen.query_one(RateChart).display


async def test_when_the_last_transfer_ends_its_facts_go() -> None:
    app, agent = console_with("vma", transfers=answers.transfers())
    async with app.run_test(size=(80, 25)) as pilot:
        screen = TransfersScreen()
        await open_screen(pilot, screen)
        agent.answers["transfers"] = []
        await pilot.press("f5")
        await pilot.pause(0.2)
        assert not screen.query_one("#chosen", Static).display
        assert not screen.query_one(ProgressLine).display


@pytest.mark.parametrize("key", [one.key for one in sections_for("vma") if one.key in {
    "vcenters", "transfers", "snapshots", "tunnel", "services", "logs", "support", "remote", "gate", "audit", "power",
}])  # fmt: skip
async def test_every_screen_bears_a_tiny_terminal_and_an_agent_that_goes_away(key: str) -> None:
    app, agent = console_with(
        "vma", vcenters=answers.vcenters(), transfers=answers.transfers(), held_snapshots=answers.snapshots(), tunnel=answers.tunnels(),
        tunnel_history=answers.history(), logs=answers.log(30), bundles=answers.bundles(), remote_console=answers.remote(),
        gate=answers.gate(answers.GateState.CHALLENGE), audit=answers.audit(),
    )  # fmt: skip
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, section(key))
        await pilot.resize_terminal(40, 10)
        agent.absent = True
        await pilot.press("f5", "down", "f1", "escape")
        await pilot.resize_terminal(80, 25)
        agent.absent = False
        await pilot.press("f5")
        await pilot.pause()
        assert app.failure is None


def test_each_disk_is_a_line_and_a_transfer_without_any_is_one() -> None:
    found = answers.transfers(2)
    assert [(one.transfer.vm_name, one.disk.disk_id if one.disk else "") for one in lines(found)] == [
        ("web01", "2000"), ("web01", "2001"), ("web02", "2000"), ("web02", "2001"), ("db01", ""),
    ]  # fmt: skip


def test_a_disk_of_no_size_has_made_no_progress() -> None:
    empty = answers.disk("2000", 0, 0.0).model_copy(update={"total_bytes": 0})
    transfer: Transfer = answers.transfers()[0].model_copy(update={"disks": [empty]})
    assert lines([transfer])[0].fraction == 0.0


@pytest.mark.parametrize(
    ("fraction", "bar"),
    [(0.0, "[............]   0 %"), (0.5, "[======......]  50 %"), (1.0, "[============] 100 %"), (7.0, "[============] 100 %")],
)
def test_a_bar_is_read_without_colours(fraction: float, bar: str) -> None:
    assert text_bar(fraction) == bar


def test_entries_of_the_same_key_are_told_apart() -> None:
    assert list(keyed(["a", "b", "a", "a"], lambda one: one)) == ["a", "b", "a 2", "a 3"]
