"""A VM's way through a migration, by keys at the OMA's console, against real agents and the lab."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from appliance.contract.client import client
from appliance.contract.setup import SetStage, SetupApi, Stage
from appliance.tui.agent import Agent
from appliance.tui.app import Console
from appliance.tui.screens.vms import VmsScreen
from appliance.tui.vt import TERMINALS
from tests.e2e.world import MIB, World, noise, storage_vm, world
from tests.tui.hands import press, screen_name, screen_text

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


async def seen(pilot: Pilot[Any], text: str, limit: float = 120) -> None:
    """Until this stands on the screen."""
    await _until(lambda: text in screen_text(pilot), limit, lambda: f"waited for {text!r} on:\n{screen_text(pilot)}")


async def on(pilot: Pilot[Any], name: str) -> None:
    """Until this screen is seen."""
    await _until(lambda: screen_name(pilot) == name, 120, lambda: f"waited for the screen {name} on:\n{screen_text(pilot)}")


async def _until(condition: Callable[[], bool], limit: float, told: Callable[[], str]) -> None:
    try:
        async with asyncio.timeout(limit):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(told()) from None


async def console(found: World) -> Console:
    """The OMA's console, which was set up before."""
    assert found.oma.transport is not None
    await client(SetupApi, found.oma.transport).set_stage(SetStage(stage=Stage.DONE))
    return Console(Agent(found.oma.transport), TERMINALS["linux"])


async def choose(pilot: Pilot[Any], action: str, *then: str) -> None:
    """F4 and this action on a VM's page, then keys."""
    await on(pilot, "vm")
    await press(pilot, "f4")
    await seen(pilot, action)
    lines = [line for line in screen_text(pilot).splitlines() if "║" in line]
    first = next(number for number, line in enumerate(lines) if "What to do with" in line) + 2
    await press(pilot, *["down"] * (next(number for number, line in enumerate(lines) if action in line) - first), "enter", *then)


async def looked_at(pilot: Pilot[Any]) -> None:
    """The checks before, none of which failed; on with it."""
    await on(pilot, "preflight")
    await seen(pilot, " pass")
    await press(pilot, "f8")


async def test_a_vm_is_protected_tested_cleaned_up_moved_and_rolled_back_by_keys(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 32 * MIB), storage_vm("db1", 16 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(8 * MIB))
        async with (await console(found)).run_test(size=(80, 25)) as pilot:
            pilot.app.push_screen(VmsScreen())
            await on(pilot, "vms")
            await seen(pilot, "No VM is protected yet")

            await press(pilot, "f7")
            await seen(pilot, "Name contains")
            await press(pilot, *"web", "enter")
            await seen(pilot, "32.0 MiB")
            await press(pilot, "enter", "enter")
            await looked_at(pilot)
            await seen(pilot, "its first copy has started")
            await press(pilot, "escape")
            await seen(pilot, "Ready")
            await press(pilot, "enter")
            await on(pilot, "vm")
            await seen(pilot, "Ready: there is a complete copy")

            await choose(pilot, "Test failover")
            await seen(pilot, "nothing is chosen")
            await press(pilot, "enter")
            await seen(pilot, "isolated-test")
            await press(pilot, "home", "enter")
            await seen(pilot, "chosen now")
            await press(pilot, "f8")
            await looked_at(pilot)
            await press(pilot, "f8")
            await seen(pilot, "Test VM runs")
            await choose(pilot, "Clean up the test", "f8")
            await seen(pilot, "Ready: there is a complete copy")

            await choose(pilot, "Live failover")
            await seen(pilot, "CloudStack configuration")
            await press(pilot, "f8")
            await looked_at(pilot)
            await press(pilot, *"web1", "f8")
            await seen(pilot, "Failed over: the new machine runs")
            await choose(pilot, "Roll back", "down", "enter", *"web1", "f8")
            await seen(pilot, "Ready: there is a complete copy")

            await press(pilot, "home", "enter")
            await on(pilot, "job")
            await seen(pilot, "Switching the new machine off")
        assert (await found.replications.context("web1")).current_status == "ready_for_failover"


async def test_a_failed_copy_is_explained_and_started_again_by_keys(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 32 * MIB)) as found:
        await found.lab("POST", "/failures", {"kind": "snapshot_fails", "vm": "web1", "times": 1})
        _, job_id = await found.protect("web1")
        await found.ended(job_id, wanted="failed")
        async with (await console(found)).run_test(size=(80, 25)) as pilot:
            pilot.app.push_screen(VmsScreen())
            await seen(pilot, "Failed, full copy")
            await press(pilot, "enter")
            await seen(pilot, "What to do")
            await choose(pilot, "Start the failed job again", "f8")
            await seen(pilot, "Ready: there is a complete copy")
            assert "What to do" not in screen_text(pilot)


async def test_a_running_copy_is_followed_and_cancelled_by_keys(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 256 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(256 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "seconds": 0.3, "times": -1})
        await found.protect("web1")
        async with (await console(found)).run_test(size=(160, 50)) as pilot:
            pilot.app.push_screen(VmsScreen())
            await seen(pilot, "MiB/s")
            await press(pilot, "enter")
            await on(pilot, "vm")
            await press(pilot, "enter")
            await on(pilot, "job")
            await seen(pilot, "Copying the disks")
            await press(pilot, "f4", "enter")
            await seen(pilot, "Cancel: Replication of web1?")
            await press(pilot, "f8")
            await seen(pilot, "cancelled")
