"""Verifying a VM from the console."""

from __future__ import annotations

import pytest

from appliance.contract.errors import FaultSpec
from appliance.contract.verifications import StartVerification, VerificationMode
from appliance.tui.verification_lines import last_of_vm, places
from appliance.tui.widgets.notice import Notice
from tests.tui import operation as op
from tests.tui import verification_answers as some
from tests.tui.stand_in import NOW, StandIn, console

REFUSED = FaultSpec("vm.busy", 409, "Another operation is under way for web02.", "Wait until it has ended.")


@pytest.mark.parametrize(("keys", "mode"), [(("enter",), VerificationMode.FULL), (("down", "enter"), VerificationMode.SAMPLED)])
async def test_f7_verifies_a_vm_as_it_is_chosen(keys: tuple[str, ...], mode: VerificationMode) -> None:
    agent = StandIn("oma", some.answers())
    app = console(agent)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("verifications", "f7", "down", "enter", *keys, "f8")(pilot)
        assert agent.called("verify") == [{"body": StartVerification(vm="ctx-0002", mode=mode)}]
        assert "has started" in str(app.screen.query_one(Notice).content)


async def test_f6_goes_through_what_is_shown() -> None:
    agent = StandIn("oma", some.answers())
    app = console(agent)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("verifications", "f6", "f6", "f6")(pilot)
        asked = [one for one in agent.called("verifications") if one != {"limit": 200}]
        assert asked == [{"limit": 200, "mode": VerificationMode.FULL}, {"limit": 200, "differing": True}]
        assert agent.called("verifications")[-1] == {"limit": 200}


async def test_leaving_the_question_starts_nothing() -> None:
    agent = StandIn("oma", some.answers())
    app = console(agent)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("verifications", "f7", "enter", "enter", "escape")(pilot)
        assert agent.called("verify") == []


async def test_a_refusal_is_told() -> None:
    app = console(StandIn("oma", some.answers(verify=REFUSED())))
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("verifications", "f7", "enter", "enter", "f8")(pilot)
        assert "Another operation is under way" in str(app.screen.query_one(Notice).content)


async def test_vms_without_a_copy_are_not_offered() -> None:
    vms = [op.vm(1, current_status="discovered"), op.vm(2)]
    agent = StandIn("oma", some.answers(contexts=vms))
    app = console(agent)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("verifications", "f7", "enter", "enter", "f8")(pilot)
        assert [one["body"].vm for one in agent.called("verify")] == ["ctx-0002"]  # type: ignore[attr-defined]


async def test_f7_on_a_report_verifies_the_same_vm_again() -> None:
    agent = StandIn("oma", some.answers())
    app = console(agent)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("verifications", "enter", "f7", "enter", "f8")(pilot)
        assert agent.called("verify") == [{"body": StartVerification(vm="ctx-0003")}]


def test_only_the_first_places_are_named() -> None:
    many = some.disk(1, **some.REPAIRED, different=some.RANGES * 4)
    assert places(many).endswith("and 3 more")
    assert places(some.disk(1)) == ""


def test_a_low_terminal_shows_only_what_is_wrong() -> None:
    good, bad = some.verification(1), some.verification(1, **some.FAILED)
    assert last_of_vm([good], NOW, short=True) == last_of_vm([], NOW, short=False) == []
    assert last_of_vm([bad, good], NOW, short=True)[0][2] == "bad"
    assert "the same" in last_of_vm([good], NOW, short=False)[0][1]


async def test_a_vm_is_verified_from_its_page() -> None:
    agent = StandIn("oma", some.answers())
    app = console(agent)
    async with app.run_test(size=(80, 25)) as pilot:
        await op.opened("vms", "enter", "f4", "down", "down", "down", "enter", "enter", "f8")(pilot)
        assert agent.called("verify") == [{"body": StartVerification(vm="ctx-0001")}]
