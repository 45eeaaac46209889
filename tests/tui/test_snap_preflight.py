"""Pictures of the look before a VM is protected, tested or moved."""

from __future__ import annotations

import asyncio

import pytest

from appliance.contract.errors import FaultSpec
from tests.tui import operation as op
from tests.tui import preflight_answers as looks
from tests.tui.snapshots import SIZES, settled
from tests.tui.stand_in import StandIn, console

AWAY = FaultSpec("request.unknown", 404, "There is no VM web01 here.", "Check the name or id; the list shows what there is.")


async def never(body: object) -> None:
    await asyncio.Event().wait()


STATES = {
    "normal": (looks.READY, ()),
    "warned": (looks.WITH_WARNINGS, ()),
    "failed": (looks.FAILING, ()),
    "stopped": (looks.FAILING, ("f8",)),
    "unreachable": (AWAY(), ()),
}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_preflight_of_a_test(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answer, keys = STATES[state]
    app = console(StandIn("oma", op.answers(op.vm(1), jobs=[], preflight_failover=answer)))
    assert snap_compare(app, terminal_size=size, run_before=op.vm_page("f4", "down", "enter", "f8", *keys))


def test_while_it_is_looked_at(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(op.vm(1), jobs=[], preflight_failover=never)))

    async def go(pilot) -> None:  # type: ignore[no-untyped-def]
        await op.vm_page("f4", "down", "enter")(pilot)
        await pilot.press("f8")
        await pilot.pause()
        await settled(pilot)

    assert snap_compare(app, terminal_size=(80, 25), run_before=go)


def test_preflight_of_a_first_copy(snap_compare) -> None:  # type: ignore[no-untyped-def]
    answers = op.answers(credentials=[op.CREDENTIAL], discover=op.found(op.line(1)), preflight_protection=looks.WITH_WARNINGS)
    app = console(StandIn("oma", answers))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("vms", "f7", "enter", "enter", "enter"))
