"""Comparing and healing from the console."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.contract.errors import FaultSpec
from appliance.contract.reconciliation import Heal
from appliance.contract.types import JobRef
from appliance.tui.reconciler_lines import heading
from appliance.tui.widgets.notice import Notice
from tests.tui import operation as op
from tests.tui import reconciler_answers as some
from tests.tui.stand_in import NOW, StandIn, console

STARTED = JobRef(job_id="job-9")
RUNS = FaultSpec("reconciliation.runs_already", 409, "The records are being compared already.", "Wait until that has ended.")


async def after(stand_in: StandIn, *keys: str) -> str:
    """What the screen says after these keys."""
    app = console(stand_in)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("reconciler", *keys)(pilot)
        return str(app.screen.query_one(Notice).content) if app.screen.query(Notice) else ""


async def test_f6_compares_now() -> None:
    stand_in = StandIn("oma", op.answers(reconciliation=some.seen(), look=STARTED))
    assert "being compared" in await after(stand_in, "f6")
    assert len(stand_in.called("look")) == 1


async def test_enter_heals_the_one_under_the_cursor_after_a_question() -> None:
    stand_in = StandIn("oma", op.answers(reconciliation=some.ALL, heal=STARTED))
    assert "being healed" in await after(stand_in, "down", "enter", "f8")
    assert stand_in.called("heal") == [{"body": Heal(findings=[some.STATE.id])}]


async def test_f8_heals_all_that_is_safe_and_nothing_else() -> None:
    stand_in = StandIn("oma", op.answers(reconciliation=some.ALL, heal=STARTED))
    await after(stand_in, "f8", "f8")
    [asked] = stand_in.called("heal")
    assert sorted(asked["body"].findings) == sorted(one.id for one in (some.MACHINE, some.SNAPSHOT, some.STATE, some.PROGRAM))  # type: ignore[attr-defined]


async def test_leaving_the_question_heals_nothing() -> None:
    stand_in = StandIn("oma", op.answers(reconciliation=some.ALL, heal=STARTED))
    await after(stand_in, "f8", "escape")
    assert not stand_in.called("heal")


@pytest.mark.parametrize("seen", [some.seen(some.FOREIGN), some.seen(some.LOST), some.seen(unseen=[some.AWAY])])
async def test_what_can_not_be_healed_is_said_and_not_asked_for(seen: object) -> None:
    stand_in = StandIn("oma", op.answers(reconciliation=seen, heal=STARTED))
    assert "can't be healed from here" in await after(stand_in, "enter")
    assert "nothing that can be healed" in await after(stand_in, "f8")
    assert not stand_in.called("heal")


async def test_a_refusal_is_told() -> None:
    stand_in = StandIn("oma", op.answers(reconciliation=some.seen(), look=RUNS()))
    assert "compared already" in await after(stand_in, "f6")


def test_the_title_says_when_was_looked_and_what_is_under_way() -> None:
    later = NOW + timedelta(minutes=5)
    assert heading("R", some.FIRST, later) == "R · not compared yet"
    assert heading("R", some.BUSY, later) == "R · comparing now …"
    assert heading("R", some.seen(some.LOST), later) == "R · 1 difference, 5 min ago"
    assert heading("R", some.seen(), later).startswith("R · nothing differs, ")
