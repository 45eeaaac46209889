"""The log on the screen: following, holding, filters, many lines, an agent that was restarted."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from appliance.contract.system import Level, LogEntry, LogPage
from appliance.tui.screens.logs import LogsScreen
from appliance.tui.widgets import logview
from appliance.tui.widgets.logview import KEPT, LogView, folded
from tests.tui.opening import console_with, open_screen
from tests.tui.vma_answers import entry


class Book:
    """A log that grows while it is looked at."""

    def __init__(self, count: int) -> None:
        self.lines = [entry(n, message=f"line {n}") for n in range(1, count + 1)]

    def page(self, after: int = -1, limit: int = 500, level: Level = Level.DEBUG, contains: str = "", wait: float = 0.0) -> LogPage:
        """As the agent does it."""
        last = self.lines[-1].number
        known = after if after <= last else -1
        return LogPage(entries=[one for one in self.lines if one.number > known and contains in one.message][-limit:], last=last)

    def grow(self, count: int) -> None:
        """So many lines more."""
        last = self.lines[-1].number
        self.lines += [entry(last + n, message=f"line {last + n}") for n in range(1, count + 1)]


async def until(pilot: Pilot[object], true: object) -> None:
    """Wait for something to be so."""
    for _ in range(100):
        if true():  # type: ignore[operator]
            return
        await pilot.pause(0.03)
    raise AssertionError("it did not come to be")


def view(pilot: Pilot[object]) -> LogView:
    """The lines on the screen."""
    return pilot.app.screen.query_one(LogView)


async def test_new_lines_come_into_sight_by_themselves() -> None:
    book = Book(100)
    app, _ = console_with("vma", logs=book.page)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        book.grow(3)
        await until(pilot, lambda: view(pilot).count == 103)
        assert view(pilot).scroll_y == view(pilot).max_scroll_y > 0


async def test_moving_up_holds_the_view_and_end_follows_again() -> None:
    book = Book(100)
    app, _ = console_with("vma", logs=book.page)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        await pilot.press("up", "pageup")
        held = view(pilot).scroll_y
        book.grow(5)
        await until(pilot, lambda: view(pilot).count == 105)
        assert not view(pilot).following
        assert view(pilot).scroll_y == held
        await pilot.press("end")
        assert view(pilot).following
        assert view(pilot).scroll_y == view(pilot).max_scroll_y


async def test_moving_down_to_the_end_follows_again() -> None:
    app, _ = console_with("vma", logs=Book(30).page)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        await pilot.press("up")
        assert not view(pilot).following
        await pilot.press("down")
        assert view(pilot).following


async def test_the_level_is_asked_for_at_the_agent() -> None:
    app, agent = console_with("vma", logs=Book(3).page)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        for level in ("warning", "error", "debug", "info"):
            await pilot.press("f6")
            await until(pilot, lambda wanted=level: agent.called("logs")[-1]["level"] == wanted)


async def test_a_text_filters_and_escape_leaves_only_its_field() -> None:
    app, agent = console_with("vma", logs=Book(120).page)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        await pilot.press("f3", *"line 11", "enter")
        await until(pilot, lambda: view(pilot).count == 11)
        assert agent.called("logs")[-1]["contains"] == "line 11"
        await pilot.press("f3", "escape")
        assert isinstance(app.screen, LogsScreen)
        await pilot.press("escape")
        assert not isinstance(app.screen, LogsScreen)


async def test_the_lines_of_a_restarted_agent_take_the_place_of_the_old_ones() -> None:
    book = Book(50)
    app, _ = console_with("vma", logs=book.page)
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        book.lines = [entry(1, message="begun")]
        await until(pilot, lambda: view(pilot).count == 1)
        assert "begun" in view(pilot).text[0]


async def test_the_newest_five_thousand_are_kept_and_what_is_looked_at_stays_in_sight() -> None:
    app, _ = console_with("vma", logs=LogPage(entries=[], last=0))
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        lines = view(pilot)
        lines.add([entry(n, message=f"line {n}") for n in range(1, KEPT + 1)])
        await pilot.press("pageup")
        seen = lines.text[int(lines.scroll_y)]
        lines.add([entry(KEPT + n) for n in range(1, 101)])
        assert lines.count == KEPT
        assert lines.text[int(lines.scroll_y)] == seen


async def test_of_thousands_of_lines_only_what_comes_is_folded_until_the_width_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[LogEntry] = []
    monkeypatch.setattr(logview, "folded", lambda entry, width: done.append(entry) or folded(entry, width))
    app, _ = console_with("vma", logs=LogPage(entries=[], last=0))
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, LogsScreen())
        view(pilot).add([entry(n, message="a long line " * 20) for n in range(KEPT)])
        done.clear()
        view(pilot).add([entry(KEPT + 1)])
        assert done == [entry(KEPT + 1)]
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert max(map(len, view(pilot).text)) <= 38
        await pilot.resize_terminal(80, 25)
        await pilot.pause()
        assert view(pilot).scroll_y == view(pilot).max_scroll_y


@pytest.mark.parametrize(
    ("message", "width", "lines"),
    [
        ("short", 40, ["02:04:06 info    copy: short"]),
        ("two\nlines", 40, ["02:04:06 info    copy: two", "         lines"]),
        ("x" * 30, 40, ["02:04:06 info    copy: " + "x" * 17, "         " + "x" * 13]),
        ("bell\x07and\x1b[31m", 60, ["02:04:06 info    copy: bell and [31m"]),
        ("", 40, ["02:04:06 info    copy: "]),
    ],
)
def test_an_entry_is_folded_at_the_width(message: str, width: int, lines: list[str]) -> None:
    assert folded(entry(1, message=message), width) == lines


def test_wide_terminals_show_the_date() -> None:
    found: LogEntry = entry(1, message="short")
    assert folded(found, 160)[0].startswith("2026-11-20 02:04:06 info")
