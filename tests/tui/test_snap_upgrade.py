"""Pictures of upgrades, and what their keys ask of the agent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.contract.jobs import Problem
from appliance.contract.types import FetchFrom, JobRef
from appliance.contract.upgrades import LastUpgrade, Releases, Upgrade, UpgradeOutcome
from appliance.tui.widgets.notice import Notice
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES, settled
from tests.tui.stand_in import NOW, status_of

RETURNED = "it did not become well within 2 minutes. scheduler: The schedules can't be read."


def files() -> list[Upgrade]:
    """One that can be applied, and one for later."""
    made = Upgrade(
        name="appliance-0.2.0.upgrade",
        version="0.2.0",
        made_at=NOW - timedelta(days=3),
        size_bytes=48_000_000,
        created_at=NOW - timedelta(minutes=12),
    )
    flaw = "The upgrade to 0.4.0 is for appliances of 0.3, 0.4; this one has 0.1.0."
    later = {"name": "appliance-0.4.0.upgrade", "version": "0.4.0", "flaw": flaw, "created_at": NOW - timedelta(hours=1)}
    return [made, made.model_copy(update=later)]


def releases(outcome: UpgradeOutcome | None = None, **changes: object) -> Releases:
    """What runs, and how the last upgrade ended."""
    last = None
    if outcome is not None:
        reason = RETURNED if outcome is UpgradeOutcome.RETURNED else ""
        last = LastUpgrade(from_version="0.1.0", to_version="0.2.0", outcome=outcome, begun_at=NOW - timedelta(minutes=5), reason=reason)
    return Releases(version="0.1.0", former="", last=last).model_copy(update=changes)


def job(status: str = "running") -> object:
    problem = Problem(
        key="upgrade.returned",
        message=f"The upgrade to 0.2.0 was given up, and version 0.1.0 runs again with the records of before: {RETURNED}",
        guidance="Send a support bundle to the vendor. Everything works as before the upgrade.",
    )
    operation = "Putting the new release beside the running one"
    failed = {"error": problem} if status == "failed" else {}
    return answers.job(status, kind="upgrade", title="Upgrade to version 0.2.0", current_operation=operation, **failed)


STATES = {
    "normal": {"upgrades": files(), "releases": releases()},
    "empty": {"upgrades": [], "releases": releases(UpgradeOutcome.KEPT, version="0.2.0", former="0.1.0")},
    "busy": {"upgrades": files(), "releases": releases(UpgradeOutcome.UNDER_WAY), "jobs": [job()], "job": job()},
    "failed": {"upgrades": files(), "releases": releases(UpgradeOutcome.RETURNED), "jobs": [job()], "job": job("failed")},
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_upgrades(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("upgrade"))


def test_question_before_an_upgrade(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", **STATES["normal"])
    assert snap_compare(app, terminal_size=(80, 25), run_before=opened("upgrade", "f8"))


async def test_the_upgrade_under_the_cursor_is_applied_once_the_word_was_typed() -> None:
    app, stand_in = console_with("vma", **STATES["normal"], apply_upgrade=JobRef(job_id="job-9"), job=job())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("upgrade", "f8", "enter")(pilot)
        assert not stand_in.called("apply_upgrade")
        await opened("upgrade", "f8", *"upgrade", "f8")(pilot)
        assert stand_in.called("apply_upgrade") == [{"name": "appliance-0.2.0.upgrade"}]


async def test_an_upgrade_that_does_not_fit_is_not_even_asked_for() -> None:
    app, stand_in = console_with("oma", **STATES["normal"])
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("upgrade", "down", "f8", *"upgrade", "f8")(pilot)
        assert not stand_in.called("apply_upgrade")


async def test_an_upgrade_file_is_removed_after_a_question() -> None:
    app, stand_in = console_with("oma", **STATES["normal"], delete_upgrade=None)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("upgrade", "f9", "f8")(pilot)
        assert stand_in.called("delete_upgrade") == [{"name": "appliance-0.2.0.upgrade"}]


async def test_the_console_ends_when_the_appliance_has_another_version() -> None:
    app, stand_in = console_with("oma")
    async with app.run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        assert not app.was_left
        stand_in.answers["status"] = status_of("oma", version="0.2.0")
        await pilot.press("f5")
        await settled(pilot)
        assert app.was_left


async def test_an_upgrade_is_fetched_from_the_address_that_was_typed_on_either_role() -> None:
    for role in ("oma", "vma"):
        app, stand_in = console_with(role, **STATES["empty"], fetch_upgrade=JobRef(job_id="job-9"), job=job())
        async with app.run_test(size=(80, 25)) as pilot:
            await opened("upgrade", "f7", *"ftp://files", "f8")(pilot)
            assert stand_in.called("fetch_upgrade") == []
            await pilot.press(*["backspace"] * 11, *"https://files/x.upgrade", "f8")
            await settled(pilot)
            assert stand_in.called("fetch_upgrade") == [{"body": FetchFrom(address="https://files/x.upgrade")}]


async def test_why_an_upgrade_was_not_fetched_is_said() -> None:
    problem = Problem(
        key="web.not_fetched", message="The file can't be fetched from this address: it can't be reached.", guidance="Check it."
    )
    ended = answers.job("failed", kind="upgrade-fetch", error=problem)
    app, _ = console_with("vma", **STATES["normal"], jobs=[ended], job=ended)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("upgrade")(pilot)
        assert app.screen.query_one(Notice).said.startswith("No upgrade was fetched: The file can't be fetched")


def test_asking_where_an_upgrade_is_fetched_from(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES["empty"])
    assert snap_compare(app, terminal_size=(80, 25), run_before=opened("upgrade", "f7"))
