"""Restarting and switching off happen a moment after the answer, are on record, and are refused where they can't be."""

import asyncio
from pathlib import Path

import pytest

from appliance.agent.config import Machine
from appliance.agent.power import Power
from appliance.contract.errors import STORE_UNWRITABLE, Fault
from appliance.contract.system import PowerAction
from appliance.core.audit import Audit
from appliance.core.store import Store


class Site:
    """A power switch whose programs are scripts."""

    def __init__(self, folder: Path, store: Store, script: str) -> None:
        self.log, program = folder / "did", folder / "program"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        self.restarts = 0
        self.audit = Audit(store)
        machine = Machine(restart=(str(program), "restart"), power_off=(str(program), "off"))
        self.power = Power(machine, self.audit, self.restart, after=0.05)

    def restart(self) -> None:
        self.restarts += 1

    async def ended(self) -> None:
        assert self.power._ordered is not None
        await self.power._ordered

    async def events(self) -> list[tuple[str, str]]:
        return [(one.action, one.result) for one in reversed(await self.audit.newest(10))]


@pytest.fixture
def site(tmp_path: Path, store: Store) -> Site:
    return Site(tmp_path, store, f'echo "$1" >> {tmp_path}/did')


@pytest.mark.parametrize(("action", "did"), [(PowerAction.RESTART, "restart\n"), (PowerAction.OFF, "off\n")])
async def test_the_machine_is_told_after_the_answer(site: Site, action: PowerAction, did: str) -> None:
    await site.power.ask(action)
    assert not site.log.exists()
    await site.ended()
    assert (site.log.read_text(), await site.events()) == (did, [(f"power.{action}", "done")])


async def test_the_agent_alone_is_restarted_by_its_supervisor(site: Site) -> None:
    await site.power.ask(PowerAction.RESTART_AGENT)
    assert site.restarts == 0
    await site.ended()
    assert site.restarts == 1 and not site.log.exists()
    assert await site.events() == [("power.restart_agent", "done")]


async def test_a_second_order_is_refused_while_the_first_is_under_way(site: Site) -> None:
    asked = await asyncio.gather(*[site.power.ask(PowerAction.OFF) for _ in range(3)], return_exceptions=True)
    await site.ended()
    assert [one.key for one in asked if isinstance(one, Fault)] == ["power.ordered"] * 2
    assert site.log.read_text() == "off\n"


@pytest.mark.parametrize("argv", [(), ("/nowhere/program",), ("no-such-program-anywhere", "x")])
async def test_without_its_program_it_is_refused(store: Store, argv: tuple[str, ...]) -> None:
    audit = Audit(store)
    power = Power(Machine(restart=argv), audit, lambda: None)
    with pytest.raises(Fault) as refused:
        await power.ask(PowerAction.RESTART)
    assert refused.value.key == "power.not_possible" and "nothing was changed" in refused.value.message
    assert [(one.action, one.result) for one in await audit.newest(5)] == [("power.restart", "failed")]


async def test_a_program_that_fails_is_on_record_and_may_be_tried_again(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path, store, "echo not allowed >&2; exit 4")
    for _ in range(2):
        await site.power.ask(PowerAction.OFF)
        await site.ended()
    assert await site.events() == [("power.off", "done"), ("power.off", "failed")] * 2
    assert "could not be switched off" in caplog.text and "not allowed" in caplog.text


async def test_a_full_disk_does_not_keep_the_machine_from_restarting(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: str) -> None:
        raise STORE_UNWRITABLE()

    monkeypatch.setattr(site.audit, "record", full)
    await site.power.ask(PowerAction.RESTART)
    await site.ended()
    assert site.log.read_text() == "restart\n"


async def test_an_agent_that_ends_gives_up_what_was_not_begun(site: Site) -> None:
    await site.power.ask(PowerAction.OFF)
    await site.power.close()
    await asyncio.sleep(0.1)
    assert not site.log.exists()
