"""An OMA's first boot: to the set-up, through it by keys, and what is left of it after a restart."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from tests.image import wizard
from tests.image.machine import Hardware, Machine, machine

DISK = 12
"""GiB; the image is made larger than it is when deployed."""

IDENTITY = "cat /etc/machine-id; sha256sum /var/lib/appliance/identity/* /var/lib/appliance/vault.key"


@dataclass
class Before:
    """What was found before the restart."""

    identity: str = ""
    boot_id: str = ""
    fingerprint: str = ""
    codes: list[str] = field(default_factory=list)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path) -> AsyncIterator[Machine]:
    """A machine that is switched on for the first time."""
    async with machine(images / "boots" / "first", oma_disk, images / "shots", Hardware(disk_gib=DISK)) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def before() -> Before:
    """Filled by the tests before the restart."""
    return Before()


async def test_the_first_boot_leads_to_the_set_up_on_the_first_terminal(oma: Machine) -> None:
    assert "New password" in await wizard.welcome(oma)
    await oma.guest.shows("OMA")  # the title is complete as soon as the agent answers
    await oma.picture("oma-welcome")


async def test_the_serial_port_shows_the_set_up_too_once_somebody_is_there(oma: Machine) -> None:
    assert "Press Enter" in oma.serial()
    await oma.engine.console.send("\r")
    await oma.engine.console.read_until("1 of 4", wizard.BOOT)
    await oma.engine.console.read_until("F7.*Next", 60.0)  # the last line of the screen
    assert "Set-up 1 of 4: Welcome" in oma.serial()


async def test_every_unit_came_up(oma: Machine) -> None:
    await oma.guest.becomes("systemctl is-system-running || true", "running", 120.0)
    assert await oma.guest.run("systemctl --failed --plain --no-legend") == ""


async def test_it_has_no_login_on_any_terminal(oma: Machine) -> None:
    assert await oma.guest.run("ps -e -o comm= | grep -xE 'agetty|getty|login' || true") == ""
    accounts = await oma.guest.run("grep -v '^[^:]*:[!*]' /etc/shadow || true")
    assert accounts == "", "nobody has a password"


async def test_the_root_file_system_fills_the_disk(oma: Machine) -> None:
    kib = int(await oma.guest.becomes("df -k --output=size / | tail -n 1", r"\d{7,}"))
    assert kib > (DISK - 2) << 20


async def test_the_set_up_takes_a_password(oma: Machine) -> None:
    await wizard.choose_password(oma)
    await oma.picture("oma-network")


async def test_the_set_up_configures_the_network(oma: Machine) -> None:
    await wizard.configure_network(oma)
    assert wizard.ADDRESS in await oma.guest.run("ip -brief address")
    assert wizard.GATEWAY in await oma.guest.run("ip route show default")


async def test_the_set_up_shows_a_pairing_code(oma: Machine, before: Before) -> None:
    before.codes.append(await wizard.pairing_code(oma))
    await oma.picture("oma-pairing-code")


async def test_it_restarts_from_its_power_screen(oma: Machine, before: Before) -> None:
    await oma.press("esc")
    before.fingerprint = fingerprint(await oma.guest.shows("Fingerprint"))
    before.identity, before.boot_id = await oma.guest.run(IDENTITY), await oma.guest.boot_id(30.0)
    await oma.press("f12")
    await oma.guest.shows("Restart the appliance")
    await oma.press("down", "ret")
    await oma.guest.shows("Restart the appliance[?]")
    await oma.press("f8")
    await oma.guest.restarted(before.boot_id, wizard.BOOT)


async def test_a_restart_keeps_the_identity(oma: Machine, before: Before) -> None:
    shown = await oma.guest.shows("Password|Fingerprint", wizard.BOOT)
    if "Password" in shown:
        await oma.press("esc")
    assert fingerprint(await oma.guest.shows("Fingerprint")) == before.fingerprint
    assert await oma.guest.run(IDENTITY) == before.identity
    await oma.guest.shows(r"(?s)\A((?!The agent).)*Fingerprint")
    await oma.picture("oma-idle")


async def test_a_restart_keeps_the_network(oma: Machine) -> None:
    assert wizard.ADDRESS in await oma.guest.run("ip -brief address")
    assert re.search(rf"Addresses .*{re.escape(wizard.ADDRESS.split('/')[0])}", await oma.guest.screen())


async def test_a_restart_keeps_the_password_and_the_place_in_the_set_up(oma: Machine, before: Before) -> None:
    await wizard.log_in(oma)
    shown = await oma.guest.shows(wizard.CODE)
    assert "Set-up 3 of 4: Pairing" in shown
    assert before.codes[0] not in shown


def fingerprint(shown: str) -> str:
    """The certificate's, from the idle screen."""
    found = re.search(r"Fingerprint +(\S.*)", shown)
    assert found is not None
    return found[1]
