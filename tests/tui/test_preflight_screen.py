"""The look before a failover and before a first copy: what is asked, what stops it, and how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from appliance.contract.checks import failed
from appliance.contract.errors import FaultSpec
from appliance.contract.preflight import FailoverKind
from appliance.contract.types import JobRef
from appliance.tui.screens.checks import called, counted
from appliance.tui.screens.failover import FailoverScreen
from appliance.tui.screens.preflight import PreflightScreen
from appliance.tui.screens.protect import ProtectScreen
from appliance.tui.screens.vm import VmScreen
from appliance.tui.widgets.dialog import Confirm, Tell
from tests.tui import operation as op
from tests.tui import preflight_answers as looks
from tests.tui.stand_in import StandIn, console
from tests.tui.test_vm_actions import told

STARTED = JobRef(job_id="job-7")
UNFIT = FaultSpec(
    "preflight.failed", 409, "A test failover of web01 can't be started. The zone is disabled.", "Enable it. Then look again."
)


def agent(**answers: Any) -> StandIn:
    return StandIn("oma", op.answers(op.vm(1), jobs=[], failover_test=STARTED, failover_live=STARTED) | answers)


def form(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """The form of a test failover, then keys."""
    return op.vm_page("f4", "down", "enter", *keys)


@pytest.mark.parametrize(("keys", "kind"), [(("down",), FailoverKind.TEST), (("down", "down"), FailoverKind.LIVE)])
async def test_f8_on_the_form_looks_first_and_f8_on_the_checks_asks(keys: tuple[str, ...], kind: FailoverKind) -> None:
    stand_in = agent(preflight_failover=looks.WITH_WARNINGS)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.vm_page("f4", *keys, "enter", "f8")(pilot)
        assert isinstance(pilot.app.screen, PreflightScreen)
        body = stand_in.called("preflight_failover")[0]["body"]
        assert (body.vm, body.kind, body.networks) == ("ctx-0001", kind, {})  # type: ignore[attr-defined]
        await op.pressed(pilot, ["f8"])
        assert isinstance(pilot.app.screen, Confirm)
        assert not stand_in.called("failover_test") and not stand_in.called("failover_live")


async def test_with_a_failed_check_nothing_goes_on() -> None:
    stand_in = agent(preflight_failover=looks.FAILING)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await form("f8", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, PreflightScreen)
        assert "It can't be started: Quota snapshots, Link." in told(pilot.app)
        assert not stand_in.called("failover_test")
        await op.pressed(pilot, ["escape"])
        assert isinstance(pilot.app.screen, FailoverScreen)


async def test_f5_looks_again_and_then_it_goes_on() -> None:
    stand_in = agent(preflight_failover=looks.FAILING)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await form("f8")(pilot)
        stand_in.answers["preflight_failover"] = looks.READY
        await op.pressed(pilot, ["f5", "f8", "f8"])
        assert len(stand_in.called("preflight_failover")) == 2
        assert len(stand_in.called("failover_test")) == 1
        assert isinstance(pilot.app.screen, VmScreen)


async def test_while_it_is_looked_at_nothing_goes_on() -> None:
    async def never(body: object) -> None:
        await asyncio.Event().wait()

    async with console(agent(preflight_failover=never)).run_test(size=(80, 25)) as pilot:
        await form("f8")(pilot)
        await pilot.press("f8")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PreflightScreen)
        assert "still being looked at" in told(pilot.app)


async def test_enter_shows_a_check_in_full() -> None:
    async with console(agent(preflight_failover=looks.FAILING)).run_test(size=(80, 25)) as pilot:
        await form("f8", "enter")(pilot)
        assert isinstance(pilot.app.screen, Tell)


async def test_what_the_agent_finds_only_then_is_said_on_the_form() -> None:
    stand_in = agent(failover_test=UNFIT())
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await form("f8", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, FailoverScreen)
        assert "The zone is disabled. Enable it." in told(pilot.app)


async def test_a_first_copy_with_a_failed_check_is_not_started_but_the_vm_can_be_added() -> None:
    answers = op.answers(credentials=[op.CREDENTIAL], discover=op.found(op.line(1)), preflight_protection=looks.FAILING)
    stand_in = StandIn("oma", answers)
    async with console(stand_in).run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "f7", "enter", "enter", "enter", "f8")(pilot)
        assert isinstance(pilot.app.screen, PreflightScreen)
        assert not stand_in.called("replicate")
        await op.pressed(pilot, ["escape"])
        assert isinstance(pilot.app.screen, ProtectScreen)


def test_the_names_of_checks_read_as_words() -> None:
    assert [called(failed(name, "x", "y")) for name in ("quota-machines", "cloudstack", "link")] == ["Quota machines", "CloudStack", "Link"]
    assert counted(looks.FAILING.checks) == ": 7 pass, 2 warn, 2 FAIL"
