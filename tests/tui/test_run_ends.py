"""However a run of the screens ends, its connections to the agent end with it: what is left open complains in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import pytest

from appliance.contract.client import UNREACHABLE, Transport
from appliance.contract.errors import Fault
from appliance.tui.agent import Agent
from appliance.tui.app import Console
from appliance.tui.screens.idle import IdleScreen
from appliance.tui.vt import TERMINALS
from tests.tui.stand_in import StandIn, common, status_of
from tests.tui.terminal import ServedAgent


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[ServedAgent]:
    """A healthy appliance's answers on a socket."""
    made = ServedAgent(StandIn("oma", common("oma")), tmp_path / "s")
    await made.start()
    yield made
    await made.stop()


def console(agent: ServedAgent) -> Console:
    return Console(Agent(Transport(unix=str(agent.path))), TERMINALS["linux"], can_leave=True)


def assert_closed(agent: Agent) -> None:
    session = agent.transport._session
    assert session is not None and session.closed


async def left(app: Console, agent: ServedAgent) -> None:
    await app.run_action("leave", app.screen)


async def stopped(app: Console, agent: ServedAgent) -> None:
    app.stop()


async def upgraded(app: Console, agent: ServedAgent) -> None:
    agent.stand_in.answers["status"] = status_of("oma", version="0.2.0")
    await app.run_action("reload", app.screen)


async def crashed(app: Console, agent: ServedAgent) -> None:
    app._handle_exception(KeyError("a mistake"))


async def stopped_while_the_agent_thinks(app: Console, agent: ServedAgent) -> None:
    agent.stand_in.delay = 30.0
    before = agent.stand_in.called("status")
    await app.run_action("reload", app.screen)
    await asyncio.sleep(0.1)
    assert agent.stand_in.called("status") == before
    app.stop()


@pytest.mark.parametrize("end", [left, stopped, upgraded, crashed, stopped_while_the_agent_thinks])
async def test_the_connections_end_with_the_run(agent: ServedAgent, end: Callable[[Console, ServedAgent], Awaitable[None]]) -> None:
    app = console(agent)
    run = asyncio.create_task(app.run_async(headless=True))
    async with asyncio.timeout(60):
        while app.status is None:
            await asyncio.sleep(0.01)
        await end(app, agent)
        await run
    assert_closed(app.agent)


async def test_they_end_with_a_run_that_has_no_first_screen(agent: ServedAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(screen: IdleScreen) -> NoReturn:
        raise KeyError("a mistake")

    monkeypatch.setattr(IdleScreen, "body", fail)
    app = console(agent)
    await app.agent.status.status()
    async with asyncio.timeout(60):
        await app.run_async(headless=True)
    assert isinstance(app.failure, KeyError)
    assert_closed(app.agent)


async def test_who_asks_after_the_end_finds_nobody_and_opens_nothing(agent: ServedAgent) -> None:
    never_used, used = Agent(Transport(unix=str(agent.path))), Agent(Transport(unix=str(agent.path)))
    await used.status.status()
    for one in (never_used, used):
        await one.transport.close()
        with pytest.raises(Fault) as refused:
            await one.status.status()
        assert refused.value.key == UNREACHABLE.key
    assert never_used.transport._session is None
    assert_closed(used)
