"""Pictures of the password's form."""

from __future__ import annotations

import pytest

from appliance.contract.errors import FaultSpec
from appliance.tui.screens.password import PasswordScreen
from tests.tui.hands import paste, press
from tests.tui.snapshots import SIZES, after
from tests.tui.stand_in import StandIn, common, console, set_up

WRONG = FaultSpec(
    "setup.password_wrong", 403, "This is not the console's password.", "Type it again; check the keyboard and the Caps Lock key."
)


@SIZES
@pytest.mark.parametrize("state", ["normal", "failed", "refused"])
def test_password(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", common("oma") | {"setup": set_up(password=True), "set_password": WRONG()}))

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await after()(pilot)
        app.push_screen(PasswordScreen())
        await after()(pilot)
        if state != "normal":
            new = "correct horse battery" if state == "refused" else "short"
            for name, text in (("current", "not this one"), ("new", new), ("again", new if state == "refused" else "other")):
                await paste(pilot, name, text)
            await press(pilot, "f8")

    assert snap_compare(app, terminal_size=size, run_before=run)
