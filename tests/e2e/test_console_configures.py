"""A new OMA gets credential and CloudStack configuration from the console alone, against real agents and the lab's clouds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from appliance.tui.agent import Agent
from appliance.tui.app import Console
from appliance.tui.sections import SECTIONS
from appliance.tui.vt import TERMINALS
from tests.e2e.world import MIB, World, fingerprint, pair, storage_vm, until, world
from tests.tui.hands import paste, screen_name, screen_text
from tests.tui.oma_answers import pressed
from tests.tui.snapshots import settled

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


async def test_credential_and_configuration_are_made_by_keys(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 16 * MIB), paired=False) as found:
        await pair(found)
        assert found.oma.transport is not None
        app = Console(Agent(found.oma.transport), TERMINALS["xterm"])
        async with app.run_test(size=(160, 50)) as pilot:
            await add_credential(pilot, found)
            await add_configuration(pilot, json.loads((tmp_path / "cloud" / "account.json").read_text()))
            await pressed(pilot, ["f6"])
            await seen(pilot, "Checks of lab: ")
            await seen(pilot, "pass")
            await pressed(pilot, ["f4"])
            await seen(pilot, "Try a snapshot with lab?")
            await pressed(pilot, ["f8"])
            await seen(pilot, "Trial of snapshots")
            assert screen_name(pilot) == "job"


async def seen(pilot: Pilot[Any], text: str) -> None:
    async def there() -> bool | None:
        await settled(pilot)
        return text in screen_text(pilot) or None

    try:
        await until(there, "the console shows it")
    except AssertionError:
        raise AssertionError(f"{text!r} is not on the screen:\n{screen_text(pilot)}") from None


async def opened(pilot: Pilot[Any], key: str) -> None:
    await settled(pilot)
    await pilot.app.push_screen(next(one for one in SECTIONS if one.key == key).open())
    await settled(pilot)


async def add_credential(pilot: Pilot[Any], found: World) -> None:
    vcenter = found.vcenter
    await opened(pilot, "credentials")
    await pressed(pilot, ["f7", *"lab", "tab", "tab", *"127.0.0.1", "tab", *str(vcenter.port), "tab"])
    await paste(pilot, "username", vcenter.user)
    await paste(pilot, "password", vcenter.password)
    await pressed(pilot, ["f6"])
    await seen(pilot, "Trust this certificate of 127.0.0.1?")
    assert fingerprint(vcenter.certificate)[:47] in screen_text(pilot)
    await pressed(pilot, ["f8"])
    await seen(pilot, "The login works")
    await pressed(pilot, ["f8"])
    await seen(pilot, "lab is stored")
    await pressed(pilot, ["f6"])
    await seen(pilot, "The login works")


async def add_configuration(pilot: Pilot[Any], account: dict[str, Any]) -> None:
    await opened(pilot, "clouds")
    await pressed(pilot, ["f7", *"lab", "tab"])
    for name, value in (("address", account["url"]), ("api_key", account["api_key"]), ("secret_key", account["secret_key"])):
        await paste(pilot, name, value)
    await pressed(pilot, ["f8"])
    await seen(pilot, "version")
    await pressed(pilot, ["f8", *["down"] * 4, "enter", "enter", "down", "down", "enter", "enter"])
    await paste(pilot, "oma_vm_id", account["appliance_vm_ids"]["oma"])
    await pressed(pilot, ["f8"])
    await seen(pilot, "Custom")
    await pressed(pilot, ["f8"])
    await seen(pilot, "lab is stored; it is the active one")
