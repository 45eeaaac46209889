"""Both appliances set up by keys at their consoles, against two real agents, from the first screen to the menu."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from textual.pilot import Pilot

from appliance.agent.config import Config
from appliance.agent.logs import LogBook
from appliance.agent.machine import Host, network_of
from appliance.agent.oma import running_oma
from appliance.agent.vma import running_vma
from appliance.contract.client import Transport
from appliance.tui.agent import Agent
from appliance.tui.app import Console
from appliance.tui.vt import TERMINALS
from tests.tui.hands import notice, paste, press, problem, screen_name, screen_text

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

PASSWORD = "correct horse battery"


@pytest.fixture
async def transports() -> AsyncIterator[dict[str, Transport]]:
    """The Unix sockets of an OMA's and a VMA's agent."""
    folder = Path(tempfile.mkdtemp(prefix="wz-"))
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        found = {}
        for role, running in (("oma", running_oma), ("vma", running_vma)):
            made = config(folder / role, role)
            await stack.enter_async_context(running(made, Host(LogBook(made.state_dir / "log"), network_of(made), restart=lambda: None)))
            found[role] = Transport(unix=str(made.api_socket))
            stack.push_async_callback(found[role].close)
        yield found


def config(folder: Path, role: str) -> Config:
    made = Config.model_validate(
        {
            "role": role,
            "name": f"{role}1",
            "state_dir": folder / "state",
            "run_dir": folder / "run",
            "front_door": {"address": "127.0.0.1", "port": 0},
            "api": {"port": 0},
            "machine": {"restart": [], "power_off": [], "networkd_dir": folder / "networkd"},
            "storage": {"devices_dir": folder, "export_port": 0},
        }
    )
    for one in (made.state_dir, made.run_dir):
        one.mkdir(parents=True)
    return made


async def until(pilot: Pilot[object], condition: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(screen_text(pilot)) from None


async def to_the_pairing(pilot: Pilot[object], step: str) -> None:
    """Password and network."""
    await until(pilot, lambda: screen_name(pilot) == "set-up-welcome")
    await paste(pilot, "new", PASSWORD)
    await paste(pilot, "again", PASSWORD)
    await press(pilot, "f8")
    await until(pilot, lambda: screen_name(pilot) == "set-up-network")
    await until(pilot, lambda: "Host name" in screen_text(pilot))
    await press(pilot, "f7")
    await until(pilot, lambda: screen_name(pilot) == step)


async def test_the_code_is_gone_once_the_screen_is_left(transports: dict[str, Transport]) -> None:
    agent = Agent(transports["oma"])
    async with Console(agent, TERMINALS["linux"]).run_test(size=(80, 25)) as oma:
        await to_the_pairing(oma, "set-up-code")
        await until(oma, lambda: "Valid for" in screen_text(oma))
        assert (await agent.peers.pairing()).code
        await press(oma, "f10")
        assert screen_name(oma) == "idle"
        async with asyncio.timeout(60):
            while (await agent.peers.pairing()).code:
                await asyncio.sleep(0.05)


async def test_wrong_settings_are_explained_by_the_real_checks(transports: dict[str, Transport]) -> None:
    async with Console(Agent(transports["oma"]), TERMINALS["linux"]).run_test(size=(80, 25)) as oma:
        await until(oma, lambda: screen_name(oma) == "set-up-welcome")
        await paste(oma, "new", PASSWORD)
        await paste(oma, "again", PASSWORD)
        await press(oma, "f8")
        await until(oma, lambda: screen_name(oma) == "set-up-network" and "Settings" in screen_text(oma))
        await press(oma, "f4", "enter")
        await paste(oma, "host_name", "_odd name_")
        await paste(oma, "dns", "192.0.2.300")
        await press(oma, "f8")
        await until(oma, lambda: bool(problem(oma, "host_name")) and bool(problem(oma, "dns")))
        assert "Correct what is marked" in notice(oma)
        assert screen_name(oma) == "names"
