"""Two booted appliances: set up and paired by the keys of their own keyboards, with the lab's clouds outside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.contract.discovery import AskDiscovery
from appliance.demo import labs, operating
from tests.image import wizard
from tests.image.machine import Machine
from tests.image.pair import OMA_ADDRESS, VMA_ADDRESS, Pair, pair, within
from tests.image.segment import GATEWAY

INTERFACE = r"\beth0\b"

pytestmark = pytest.mark.timeout(3600)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sites(images: Path, oma_disk: Path, vma_disk: Path) -> AsyncIterator[Pair]:
    async with pair(images, oma_disk, vma_disk) as made:
        yield made


async def test_both_are_set_up_at_their_consoles(sites: Pair) -> None:
    await asyncio.gather(set_up(sites.oma, OMA_ADDRESS), set_up(sites.vma, VMA_ADDRESS))


async def test_the_vma_joins_with_the_code_that_the_oma_shows(sites: Pair) -> None:
    code = await wizard.pairing_code(sites.oma)
    await sites.oma.picture("pair-oma-code")
    assert "OMA" in await wizard.join(sites.vma, OMA_ADDRESS, code)
    for machine, peer in ((sites.oma, "VMA"), (sites.vma, "OMA")):
        await machine.guest.shows(rf"4 of 4: Status(.|\n)*Paired with +{peer} [(]connected[)]", wizard.PAIRED)
    await asyncio.gather(sites.oma.picture("pair-oma-paired"), sites.vma.picture("pair-vma-paired"))


async def test_the_operator_finds_the_vm_in_vcenter(sites: Pair) -> None:
    await sites.open_clouds()
    stage = await sites.operated()
    credential_id = await operating.add_credential(stage)
    await operating.configure_cloud(stage)
    vms = (await stage.oma.discovery.discover(AskDiscovery(credential_id=credential_id))).vms
    assert [(one.name, one.disk_count) for one in vms] == [(labs.VM, 2)]
    await stage.oma.transport.close()


async def set_up(machine: Machine, address: str) -> None:
    """The set-up's first two steps."""
    await wizard.welcome(machine)
    await wizard.choose_password(machine)
    await wizard.configure_network(machine, within(address), GATEWAY, INTERFACE)
