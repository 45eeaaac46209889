"""A running OMA keeps who asked, on each of its three ways in, and shows its figures to a scraper on HTTPS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from test_agent_start import config, host

from appliance.agent.oma import running_oma
from appliance.contract.client import Transport, client
from appliance.contract.gate import GateApi
from appliance.contract.pairing import PeersApi
from appliance.contract.status import StatusApi


class Agent:
    """The ways into a running agent."""

    def __init__(self, socket: str, token: str, loopback: int) -> None:
        self.token, self.loopback = token, loopback
        self.console = Transport(unix=socket)

    async def https(self, method: str, path: str, token: str) -> tuple[int, str]:
        """Status and text of an answer by the front door."""
        port = urlsplit((await client(StatusApi, self.console).status()).url).port
        url, headers = f"https://127.0.0.1:{port}/operator{path}", {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers, ssl=False) as answer:
            return answer.status, await answer.text()

    async def told(self) -> list[tuple[str, str, str, str]]:
        """Who, from where, what, with which result; oldest first."""
        return [(one.actor, one.origin, one.action, one.result) for one in reversed(await client(GateApi, self.console).audit())]


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    made = config(tmp_path, "oma")
    for folder in (made.state_dir, made.run_dir, tmp_path / "devices"):
        folder.mkdir()
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(running_oma(made, host(made)))
        found = Agent(str(made.api_socket), made.token_file.read_text().strip(), api.port)
        stack.push_async_callback(found.console.close)
        yield found


async def test_each_way_in_is_told_apart(agent: Agent) -> None:
    await client(PeersApi, agent.console).show_code()
    loopback = Transport(f"http://127.0.0.1:{agent.loopback}", token=agent.token)
    await client(PeersApi, loopback).hide_code()
    await loopback.close()
    assert (await agent.https("POST", "/api/v1/pairing", agent.token))[0] == 201
    assert (await agent.https("POST", "/api/v1/pairing", "guessed"))[0] == 401
    assert await agent.told() == [
        ("console", "console", "peers.show_code", "done"),
        ("operator", "127.0.0.1", "peers.hide_code", "done"),
        ("operator", "127.0.0.1", "peers.show_code", "done"),
        ("unknown", "127.0.0.1", "operator.login", "refused"),
    ]


async def test_a_scraper_reads_the_figures_over_https(agent: Agent) -> None:
    status, text = await agent.https("GET", "/api/v1/metrics", agent.token)
    assert status == 200
    assert 'appliance_vms{state="ready_for_failover"} 0.0' in text
    assert 'appliance_front_door_connections_total{outcome="tls"} 1.0' in text
