"""Pictures of what Windows guests are prepared with, and what the page's keys ask of the agent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.contract.types import FetchFrom, JobRef
from appliance.contract.windows_drivers import WindowsDrivers, WindowsProgram
from appliance.tui.screens.guest_drivers import GuestDriversScreen, Item, items, sentence
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES, settled
from tests.tui.stand_in import NOW

DISC = WindowsDrivers(
    label="virtio-win-0.1.240",
    systems=["2k16", "2k19", "2k22", "w10", "w11"],
    size_bytes=627_000_000,
    created_at=NOW - timedelta(days=2),
    sha256="d1" * 32,
)
PROGRAM = WindowsProgram(name="rhsrvany.exe", size_bytes=61_000, created_at=NOW - timedelta(hours=3), sha256="5e" * 32)


def job(status: str = "running") -> object:
    operation = "Fetching the file: 212 MiB so far"
    return answers.job(status, kind="windows-drivers-fetch", title="Fetching the drivers for Windows", current_operation=operation)


STATES = {
    "normal": {"windows_drivers": [DISC], "windows_programs": [PROGRAM], "jobs": []},
    "empty": {"windows_drivers": [], "windows_programs": [], "jobs": []},
    "partly": {"windows_drivers": [DISC], "windows_programs": [], "jobs": []},
    "busy": {"windows_drivers": [], "windows_programs": [PROGRAM], "jobs": [job()], "job": job()},
    "failed": {"windows_drivers": [], "windows_programs": [], "jobs": [job()], "job": job("failed")},
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_guest_drivers(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("guest-drivers"))


async def test_the_file_under_the_cursor_is_fetched() -> None:
    started = JobRef(job_id="job-9")
    app, stand_in = console_with(
        "oma", **STATES["empty"], fetch_windows_drivers=started, fetch_windows_program=started, job=job("completed")
    )
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("guest-drivers", "f7", *"http://x/a", "f8")(pilot)
        assert stand_in.called("fetch_windows_drivers") == [{"body": FetchFrom(address="http://x/a")}]
        await pilot.press("down", "f7", *"http://x/b", "f8")
        await settled(pilot)
        assert stand_in.called("fetch_windows_program") == [{"name": "rhsrvany.exe", "body": FetchFrom(address="http://x/b")}]


async def test_only_what_is_here_is_removed_and_after_a_question() -> None:
    app, stand_in = console_with("oma", **STATES["normal"], delete_windows_drivers=None, delete_windows_program=None)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("guest-drivers", "f9", "f8", "down", "f9", "f8", "down", "f9", "f8")(pilot)
        assert stand_in.called("delete_windows_drivers") == [{}]
        assert stand_in.called("delete_windows_program") == [{"name": "rhsrvany.exe"}]


async def test_what_is_to_be_compared_is_shown_of_disc_and_program_and_of_an_old_disc_that_it_is_not_known() -> None:
    app, _ = console_with("oma", **STATES["normal"])
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("guest-drivers")(pilot)
        screen = app.screen
        assert isinstance(screen, GuestDriversScreen)
        for one, digest in (
            (DISC, "d1" * 16 + "\n" + "d1" * 16),
            (PROGRAM, "5e" * 16 + "\n" + "5e" * 16),
            (DISC.model_copy(update={"sha256": ""}), "not known; fetch it again"),
        ):
            assert screen.facts(Item("file", "purpose", one))[-1] == ("SHA-256", digest)


def test_either_program_is_enough() -> None:
    other = PROGRAM.model_copy(update={"name": "pvvxsvc.exe"})
    assert sentence(items([DISC], [other])) == "Windows guests can be prepared."
    waiting = PROGRAM.model_copy(update={"name": "pnp_wait.exe"})
    assert "until this is here: virtio-win.iso, rhsrvany.exe." in sentence(items([], [waiting]))
