"""The gate and the set-up over HTTP, as the console uses them."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from gate_site import Site, Visitor

from appliance.agent.http.gate import GateRoutes
from appliance.agent.http.local import operator_application
from appliance.agent.http.setup import SetupRoutes
from appliance.agent.setup import Setup
from appliance.contract import gate, setup
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.core.audit import Audit
from appliance.core.settings import Settings
from appliance.core.store import Store


@pytest.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    made = Site(store)
    yield made
    made.remove()


@pytest.fixture
async def console(site: Site) -> AsyncIterator[Transport]:
    audit, made = Audit(site.store), site.gate()
    served = [(gate.GateApi, GateRoutes(made, audit)), (setup.SetupApi, SetupRoutes(Setup(Settings(site.store), audit)))]
    runner = web.AppRunner(operator_application(served, None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    transport = Transport(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield transport
    await transport.close()
    await made.stop()
    await runner.cleanup()


async def test_from_the_challenge_to_the_shell_and_its_closing(site: Site, console: Transport) -> None:
    api = client(gate.GateApi, console)
    shown = await api.challenge()
    opened = await api.open_gate(gate.OpenGate(answer=site.answer(shown.challenge)))
    visitor = await Visitor.come(site.folder / "shell.sock", opened.ticket.get_secret_value())
    visitor.type("echo i''n\n")
    await visitor.see("in")
    assert (await api.gate()).state == "running" and (await api.gate()).open_seconds > 7100
    assert (await api.close_gate()).state == "closed"
    assert [one.action for one in await api.audit(limit=2)] == ["shell-gate.close", "shell-gate.shell"]


async def test_a_mistyped_line_comes_back_by_its_number(site: Site, console: Transport) -> None:
    api = client(gate.GateApi, console)
    await api.challenge()
    with pytest.raises(Fault) as caught:
        await api.open_gate(gate.OpenGate(answer="\n".join(["0" * 16] * 7)))
    assert caught.value.key == "gate.answer_mistyped" and caught.value.fields["line"] == 1


async def test_the_wizard_sets_its_place_and_a_password_and_unlocks(console: Transport) -> None:
    api = client(setup.SetupApi, console)
    await api.set_stage(setup.SetStage(stage=setup.Stage.NETWORK))
    assert (await api.set_password(setup.SetPassword(new="a long password"))).password_set
    assert (await api.unlock(setup.Unlock(password="a long password"))).stage is setup.Stage.NETWORK
    with pytest.raises(Fault, match="not the console's password"):
        await api.unlock(setup.Unlock(password="another password"))
