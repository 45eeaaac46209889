"""An agent that is killed leaves no shell behind once the next one starts."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_site import Site, Visitor

from appliance.agent.gate.processes import started_by
from appliance.core.store import Store

pytestmark = pytest.mark.lab


@pytest.fixture
def site(store: Store) -> Iterator[Site]:
    made = Site(store)
    yield made
    made.remove()


async def start_host(site: Site) -> tuple[asyncio.subprocess.Process, Visitor]:
    """An agent in a process of its own, and a visitor in its shell."""
    host = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("gate_host.py")), str(site.folder), site.appliance_id, stdout=asyncio.subprocess.PIPE
    )
    assert host.stdout
    socket, ticket = json.loads(await asyncio.wait_for(host.stdout.readline(), 30))
    return host, await Visitor.come(Path(socket), ticket)


async def test_what_a_killed_agent_left_is_ended_when_the_next_one_starts(site: Site) -> None:
    host, visitor = await start_host(site)
    visitor.type("nohup sleep 61 >/dev/null 2>&1 &\nsetsid sleep 62 &\n(trap '' HUP TERM; while :; do sleep 0.1; done) & echo rea''dy\n")
    await visitor.see("ready")
    host.kill()
    await host.wait()
    assert "ended" in (await visitor.end() or "ended without a word")
    await asyncio.sleep(0.3)
    assert started_by(site.appliance_id), "the stubborn ones outlive the agent"
    later = site.gate()
    await later.start()
    assert not started_by(site.appliance_id)
    assert "outlived their agent" in (await site.events())[-1][2]
    assert (await later.state()).state == "closed" and not (site.folder / "shell.sock").exists()


async def test_a_plain_shell_ends_with_its_agent_at_once(site: Site) -> None:
    host, visitor = await start_host(site)
    visitor.type("echo rea''dy\n")
    await visitor.see("ready")
    host.kill()
    await host.wait()
    async with asyncio.timeout(60):
        while started_by(site.appliance_id):
            await asyncio.sleep(0.05)
