"""Screens that crash: the console comes back by itself, says so, and the traceback goes to the agent's log and nowhere else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import pytest

from appliance.tui.loop import FALL_BACK_AFTER, FIRST_PAUSE, KEPT_REPORTS, LONGEST_PAUSE, Crashes
from tests.tui.terminal import ROOT, Site, keys_of, site

KEYS = keys_of("linux")


def crashing(place: str) -> tuple[str, ...]:
    return (sys.executable, str(ROOT / "tests/tui/crashing.py"), place)


def reports(console: Site) -> list[str]:
    return [call["body"].message for call in console.stand_in.called("report")]  # type: ignore[attr-defined]


def nothing_leaked(console: Site) -> bool:
    raw = bytes(console.pty.raw)
    return b"Traceback" not in raw and b"KeyError" not in raw.replace(b"(KeyError)", b"") and b"a secret" not in raw and b"\x07" not in raw


@pytest.mark.lab
@pytest.mark.parametrize(("place", "key"), [("load", b""), ("compose", b""), ("key", b"\x12"), ("worker", b"\x12")])
async def test_a_screen_that_crashes_is_closed_and_reported(place: str, key: bytes) -> None:
    async with site(program=crashing(place), options=("--stay",)) as console:
        await console.pty.until("Addresses")
        await console.pty.press(KEYS["kf12"])
        if key:
            await console.pty.until("No job is running")
            await console.pty.press(key)
        await console.pty.until("A screen had to be closed")
        await console.pty.until("Addresses")
        assert "Power (KeyError)" in console.pty.text
        await console.pty.until(lambda: len(reports(console)) == 1)
        assert "Traceback" in reports(console)[0] and "crashing.py" in reports(console)[0]
        assert nothing_leaked(console)
        await console.pty.press(KEYS["kf1"])
        await console.pty.until("Help: Migration Appliance")


@pytest.mark.lab
@pytest.mark.parametrize("place", ["idle", "idle-compose"])
async def test_a_first_screen_that_crashes_gives_way_to_a_plainer_one(place: str) -> None:
    async with site(program=crashing(place)) as console:
        await console.pty.until("can't be shown at the moment")
        await console.pty.until(lambda: len(reports(console)) >= FALL_BACK_AFTER)
        await console.pty.quiet(1.0)
        assert nothing_leaked(console)
        before = len(reports(console))
        await console.pty.press(KEYS["kf5"])
        await console.pty.until(lambda: len(reports(console)) > before)
        await console.pty.until("can't be shown at the moment")
        await console.pty.press(KEYS["kf12"])
        await console.pty.until("Restart the appliance")


@pytest.mark.lab
async def test_a_report_waits_for_the_agent() -> None:
    async with site(program=crashing("key"), agent_runs=False) as console:
        await console.pty.until("does not answer")
        await console.pty.press(KEYS["kf12"])
        await console.pty.until("Switch the appliance off")
        await console.pty.press(b"\x12")
        await console.pty.until(lambda: "A screen had to be closed" in console.pty.text or "does not answer" in console.pty.text)
        await console.agent.start()
        await console.pty.until(lambda: len(reports(console)) == 1)
        await console.pty.until("A screen had to be closed: Power (KeyError)")


@pytest.mark.lab
async def test_a_screen_that_crashes_again_and_again_does_not_spin() -> None:
    async with site(program=crashing("idle")) as console:
        await console.pty.until("can't be shown at the moment")
        for _ in range(3):
            await console.pty.press(KEYS["kf5"])
            await asyncio.sleep(0.5)
        await console.pty.until("can't be shown at the moment")
        await console.pty.rested()


def crashes_at(*times: float, first_screen: bool = False) -> Crashes:
    found = Crashes()
    for now in times:
        found.add(KeyError("x"), "Logs", first_screen=first_screen, now=now)
    return found


@pytest.mark.parametrize(
    ("found", "pause"),
    [
        (lambda: crashes_at(0), FIRST_PAUSE),
        (lambda: crashes_at(0, 1, 2), FIRST_PAUSE * 4),
        (lambda: crashes_at(*range(50)), LONGEST_PAUSE),
        (lambda: crashes_at(0, 1, 2, 100), FIRST_PAUSE),
    ],
)
def test_the_pause_grows_with_each_crash_of_a_row(found: Callable[[], Crashes], pause: float) -> None:
    assert found().pause == pause


def test_only_crashes_of_the_first_screen_in_a_row_lead_to_the_plainer_one() -> None:
    assert crashes_at(0, 1, first_screen=True).fall_back
    assert not crashes_at(0, 1).fall_back
    assert not crashes_at(0, 100, first_screen=True).fall_back


def test_reports_do_not_pile_up() -> None:
    assert len(crashes_at(*range(100)).reports) == KEPT_REPORTS


def test_what_a_crash_says_on_the_screen_has_nothing_of_the_error_but_its_kind() -> None:
    found = Crashes()
    found.add(KeyError("secret"), "Logs", first_screen=False, now=0.0)
    assert found.sentence == "Logs (KeyError)."
    assert "secret" in found.reports[0]
