"""Pictures of the back-ups, and what their keys ask of the agent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.widgets import Static

from appliance.contract.backups import Backup
from appliance.contract.checks import failed, passed
from appliance.contract.errors import FaultSpec
from appliance.contract.types import FetchFrom, JobRef, SendTo
from appliance.tui.screens.backups import DatabaseChecksScreen
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES, settled
from tests.tui.stand_in import NOW

WORDS = "correcthorsebattery"
WRONG = FaultSpec("test.passphrase", 409, "The back-up can't be opened with this passphrase.", "Type the one with which it was made.")


def backups() -> list[Backup]:
    """Two, one of them from elsewhere."""
    made = Backup(
        name="backup-oma-oma1-20261120-030000-16c610.age", size_bytes=2_400_000, created_at=NOW - timedelta(hours=4), sha256="ab" * 32
    )
    brought = {"name": "backup-oma-uploaded-20261101-110000-998877.age", "created_at": NOW - timedelta(days=19), "sha256": "0f" * 32}
    return [made, made.model_copy(update=brought)]


def job(status: str = "running") -> object:
    return answers.job(status, kind="backup", title="Back-up of the records", current_operation="Writing the back-up")


STATES = {
    "normal": {"backups": backups()},
    "empty": {"backups": []},
    "busy": {"backups": backups(), "jobs": [job()], "job": job()},
    "failed": {"backups": backups(), "jobs": [job()], "job": job("failed")},
}
CHECKS = {
    "normal": [passed("database", "The database is sound."), passed("references", "All records that refer to each other are there.")],
    "failed": [
        failed(
            "database",
            "The database is damaged in 3 places.",
            "Make a support bundle, then restore the newest back-up that was made before.",
        )
    ],
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_backups(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("backups"))


def test_question_before_a_restore(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", backups=backups())
    assert snap_compare(app, terminal_size=(80, 25), run_before=opened("backups", "f4"))


@SIZES
@pytest.mark.parametrize("state", CHECKS)
def test_database_checks(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", check_database=CHECKS[state])
    assert snap_compare(app, terminal_size=size, run_before=opened(DatabaseChecksScreen))


async def test_a_backup_is_made_once_the_passphrase_was_typed_twice_alike() -> None:
    app, stand_in = console_with("oma", backups=[], make_backup=JobRef(job_id="job-9"), jobs=[], job=job())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("backups", "f7", *WORDS, "enter", "x", "f8")(pilot)
        assert not stand_in.called("make_backup")
        await pilot.press("backspace", *WORDS, "f8")
        await settled(pilot)
        assert stand_in.called("make_backup")[0]["body"].passphrase.get_secret_value() == WORDS


async def test_a_restore_asks_for_the_word_and_the_passphrase_and_says_when_it_is_wrong() -> None:
    app, stand_in = console_with("oma", backups=backups(), restore_backup=WRONG())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("backups", "f4", *"restore", "f8", *WORDS, "f8")(pilot)
        assert stand_in.called("restore_backup")[0]["name"] == backups()[0].name
        assert "can't be opened" in "".join(str(one.render()) for one in app.screen.query(".problem").results(Static))


async def test_a_backup_is_fetched_and_another_one_sent() -> None:
    carried = answers.job(kind="backup-fetch", status="completed")
    more = {"fetch_backup": JobRef(job_id="job-9"), "send_backup": JobRef(job_id="job-9"), "job": carried}
    app, stand_in = console_with("vma", backups=backups(), jobs=[], **more)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("backups", "f3", *"http://x/y", "f8")(pilot)
        assert stand_in.called("fetch_backup") == [{"body": FetchFrom(address="http://x/y")}]
        await pilot.press("down", "f8", *"https://x/y", "f8")
        await settled(pilot)
        assert stand_in.called("send_backup") == [{"name": backups()[1].name, "body": SendTo(address="https://x/y")}]
