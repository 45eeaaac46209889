"""Pictures of settings, of tokens, and of the four kinds of notices."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from appliance.contract.clouds import Named
from appliance.tui.widgets.notice import Kind
from tests.tui import setting_answers as some
from tests.tui.opening import console_with, open_screen, opened, section
from tests.tui.snapshots import SIZES, settled

SETTINGS = {
    "normal": some.settings(),
    "busy": some.settings(schedules_kept_days=30, audit_kept_days=0, failover_test_network="6f1c3f1e-0007"),
    "empty": [],
    "failed": some.UNWRITABLE(),
}
NETWORK = Named(id="6f1c3f1e-0007", name="isolated-test")
TOKENS = {"normal": some.tokens(), "empty": [some.FIRST], "failed": some.UNWRITABLE()}
SAYINGS = {
    Kind.INFO: "One moment …",
    Kind.SUCCESS: "The window was saved.",
    Kind.WARNING: "This pairing has ended; nothing can be done with it.",
    Kind.ERROR: "CloudStack does not answer. Check the address in the CloudStack configuration and that this appliance can reach it.",
}


@SIZES
@pytest.mark.parametrize("state", SETTINGS)
def test_settings(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", settings=SETTINGS[state], mapping_targets=[NETWORK])
    assert snap_compare(app, terminal_size=size, run_before=opened("settings", "down"))


@SIZES
def test_a_value_that_can_not_be(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", settings=some.settings())
    assert snap_compare(app, terminal_size=size, run_before=opened("settings", "enter", "0", "0", "0", "0", "f8"))


@SIZES
@pytest.mark.parametrize("state", TOKENS)
def test_tokens(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", tokens=TOKENS[state])
    assert snap_compare(app, terminal_size=size, run_before=opened("tokens", "down"))


@SIZES
def test_token_form(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", tokens=some.tokens(), create_token=some.NAME_TAKEN())
    assert snap_compare(app, terminal_size=size, run_before=opened("tokens", "f7", *"nightly report", "f8"))


@SIZES
def test_text_of_a_token(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app, _ = console_with("oma", tokens=some.tokens(), create_token=some.CREATED)
    assert snap_compare(app, terminal_size=size, run_before=opened("tokens", "f7", *"backup script", "f8"))


@SIZES
@pytest.mark.parametrize("kind", list(Kind))
def test_notice(snap_compare, size, kind) -> None:  # type: ignore[no-untyped-def]
    async def said(pilot: Pilot[object]) -> None:
        await open_screen(pilot, section("tokens"))
        pilot.app.screen.say(SAYINGS[kind], kind)  # type: ignore[attr-defined]
        await settled(pilot)

    app, _ = console_with("oma", tokens=some.tokens())
    assert snap_compare(app, terminal_size=size, run_before=said)


@SIZES
@pytest.mark.parametrize("state", ["normal", "empty"])
def test_notices(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    async def said(pilot: Pilot[object]) -> None:
        await open_screen(pilot, section("tokens"))
        for kind in Kind if state == "normal" else ():
            pilot.app.screen.say(SAYINGS[kind], kind)  # type: ignore[attr-defined]
        await open_screen(pilot, section("notices"))

    app, _ = console_with("oma", tokens=some.tokens())
    assert snap_compare(app, terminal_size=size, run_before=said)
