"""Pictures of the disk reader's page, and what its keys ask of the agent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.contract.disk_library import AcceptLibrary, DiskLibrary, InstalledLibrary, Reader, ReceivedLibrary
from appliance.contract.errors import FaultSpec
from appliance.contract.types import FetchFrom, JobRef
from appliance.tui.widgets.notice import Kind, Notice
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES, settled
from tests.tui.stand_in import NOW

SHA256 = "c0ffee" + "0123456789abcdef" * 3 + "0123456789"
INSTALLED = InstalledLibrary(version="8.0.2", size_bytes=45_600_000, sha256=SHA256, installed_at=NOW - timedelta(days=2))
RECEIVED = ReceivedLibrary(version="8.0.2", size_bytes=45_600_000, sha256=SHA256, received_at=NOW - timedelta(minutes=2))
UNUSABLE = FaultSpec(
    "test.unusable", 409, "The library can't be used on this appliance: it crashes when it is loaded.", "Try another version."
)


def library(
    reader: Reader = Reader.HTTPS, installed: InstalledLibrary | None = None, received: ReceivedLibrary | None = None
) -> DiskLibrary:
    return DiskLibrary(reader=reader, supported=True, installed=installed, received=received)


def job(status: str = "running") -> object:
    return answers.job(
        status, kind="library-fetch", title="Fetching VMware's disk library", current_operation="Fetching the archive: 17 MiB so far"
    )


BROKEN = INSTALLED.model_copy(update={"problem": "The library is not used: it crashes when it is loaded."})
STATES = {
    "normal": {"disk_library": library(Reader.LIBRARY, INSTALLED), "jobs": []},
    "empty": {"disk_library": library(), "jobs": []},
    "waits": {"disk_library": library(received=RECEIVED), "jobs": []},
    "busy": {"disk_library": library(), "jobs": [job()], "job": job()},
    "failed": {"disk_library": library(installed=BROKEN), "jobs": []},
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_disk_library(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("library"))


async def test_an_archive_is_fetched_from_the_address_that_was_typed() -> None:
    app, stand_in = console_with("vma", **STATES["empty"], fetch_library=JobRef(job_id="job-9"), job=job())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("library", "f7", *"ftp://files", "f8")(pilot)
        assert stand_in.called("fetch_library") == []
        await pilot.press(*["backspace"] * 11, *"http://files/vddk.tar.gz", "f8")
        await settled(pilot)
        assert stand_in.called("fetch_library") == [{"body": FetchFrom(address="http://files/vddk.tar.gz")}]


async def test_how_the_fetch_before_ended_is_not_told_of_the_one_that_is_under_way() -> None:
    app, _ = console_with("vma", **STATES["empty"], fetch_library=JobRef(job_id="job-9"), job=job())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("library")(pilot)
        notice = app.screen.query_one(Notice)
        notice.say("Nothing was fetched.", Kind.ERROR)
        await pilot.press("f7", *"http://files/vddk.tar.gz", "f8")
        await settled(pilot)
        assert notice.said == ""


async def test_what_waits_is_accepted_by_its_digest_after_a_typed_word() -> None:
    app, stand_in = console_with("vma", **STATES["waits"], accept_library=library(Reader.LIBRARY, INSTALLED))
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("library", "f8")(pilot)
        assert stand_in.called("accept_library") == []
        await pilot.press(*"accept", "f8")
        await settled(pilot)
        assert stand_in.called("accept_library") == [{"body": AcceptLibrary(sha256=SHA256, licensed=True)}]


def test_why_a_library_was_not_taken(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES["waits"], accept_library=UNUSABLE())
    assert snap_compare(app, terminal_size=(80, 25), run_before=opened("library", "f8", *"accept", "f8"))


def test_question_before_an_archive_is_accepted(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES["waits"])
    assert snap_compare(app, terminal_size=(80, 25), run_before=opened("library", "f8"))


async def test_without_a_library_there_is_nothing_to_try_or_remove() -> None:
    app, stand_in = console_with("vma", **STATES["empty"])
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("library", "f6", "f8", "f9")(pilot)
        assert {name for name, _ in stand_in.calls} & {"check_library", "accept_library", "delete_library"} == set()
