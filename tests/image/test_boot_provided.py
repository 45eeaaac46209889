"""An OMA with CloudStack's config drive: its set-up is filled in, and nothing is in force before it was tried and kept."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.agent.provided_discs import disc
from tests.image import wizard
from tests.image.machine import KVM, Machine, machine

NAME, ADDRESS, GATEWAY = "oma-provided", "10.0.2.88/24", "10.0.2.2"
DOCUMENT = f"""#appliance
host_name = "{NAME}"
ipv4_address = "{ADDRESS}"
ipv4_gateway = "{GATEWAY}"
ntp = ["10.0.2.2"]
password = "not for this"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machine]:
    """A machine that is switched on for the first time, with the disc in its drive."""
    folder = tmp_path_factory.mktemp("disc")
    disc(folder, {"cloudstack/userdata/user_data.txt": DOCUMENT.encode(), "openstack/latest/meta_data.json": b"{}"})
    async with machine(images / "boots" / "provided", oma_disk, images / "shots", replace(KVM, disc=folder / "made.iso")) as made:
        yield made


async def test_the_set_up_is_filled_in(oma: Machine) -> None:
    await wizard.welcome(oma)
    await wizard.choose_password(oma)
    shown = await oma.guest.shows("Filled in from what CloudStack was given")
    assert '"password"' in shown and "not for this" not in shown
    await oma.picture("oma-provided")
    await oma.press("ret")
    await oma.guest.shows(rf"{re.escape(ADDRESS)}(.|\n)*{re.escape(GATEWAY)}")
    await oma.press("esc")
    await oma.guest.shows(wizard.NETWORK)


async def test_nothing_is_in_force_yet(oma: Machine) -> None:
    assert ADDRESS not in await oma.guest.run("ip -brief address")
    assert NAME not in await oma.guest.run("hostname")


async def test_what_was_filled_in_is_tried_and_kept(oma: Machine) -> None:
    shown = await wizard.keep_network(oma, GATEWAY)
    assert ADDRESS in await oma.guest.run("ip -brief address")
    assert await oma.guest.run("hostname") == NAME
    assert "Filled in" not in shown and "not yet tried" not in shown


async def test_the_agent_reads_the_disc_inside_its_confinement_and_mounts_nothing(oma: Machine) -> None:
    assert "iso9660" not in await oma.guest.run("cat /proc/mounts")
    assert "given by cloudstack" in await oma.guest.run("journalctl -u appliance-agent -o cat | grep 'for the set-up' || true")
