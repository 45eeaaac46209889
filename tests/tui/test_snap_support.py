"""Pictures of the support bundles."""

from __future__ import annotations

import pytest

from appliance.contract.types import JobRef, SendTo
from tests.tui import vma_answers as answers
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import SIZES, settled

STATES = {
    "normal": {"bundles": answers.bundles()},
    "empty": {"bundles": []},
    "busy": {"bundles": answers.bundles(), "jobs": [answers.job()], "job": answers.job()},
    "failed": {"bundles": answers.bundles(), "jobs": [answers.job()], "job": answers.job("failed")},
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_support(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("support"))


def test_asking_where_a_bundle_is_sent_to(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("vma", **STATES["normal"])
    assert snap_compare(app, terminal_size=(80, 25), run_before=opened("support", "f8"))


async def test_the_bundle_under_the_cursor_is_sent_to_the_address_that_was_typed() -> None:
    sending = answers.job(kind="support-bundle-send")
    app, stand_in = console_with("vma", **STATES["normal"], send_bundle=JobRef(job_id="job-9"), job=sending)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("support", "f8", *"http://x/", "f8")(pilot)
        assert stand_in.called("send_bundle") == []
        await pilot.press(*["backspace"] * 9, *"https://x/?a=b", "enter", "0", "f8")
        await settled(pilot)
        assert stand_in.called("send_bundle") == []
        await pilot.press(*"a" * 63, "f8")
        await settled(pilot)
        place = SendTo(address="https://x/?a=b", fingerprint="0" + "a" * 63)
        assert stand_in.called("send_bundle") == [{"name": answers.bundles()[0].name, "body": place}]


async def test_without_a_bundle_nothing_is_sent() -> None:
    app, stand_in = console_with("vma", **STATES["empty"])
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("support", "f8", *"https://x/", "f8")(pilot)
        assert stand_in.called("send_bundle") == []
