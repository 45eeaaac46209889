"""The places for disks at this appliance's machine, and who takes them."""

import dataclasses

import pytest
from volume_site import GIB, Site

from appliance.cloudstack.limits import Places
from appliance.contract.errors import Fault
from appliance.volumes.facade import Volumes


def strange_disk(site: Site) -> None:
    """Somebody attaches a disk of their own to this appliance's machine, by hand."""
    world = site.lab.cloud.world
    taken = next(one for one in world.volumes.values() if one.instance_id == site.oma)
    by_hand = taken.model_copy(update={"id": "by-hand", "name": "by-hand", "device_id": 7})
    world.volumes["by-hand"] = by_hand


async def test_our_own_copies_take_no_place_from_each_other(site: Site, volumes: Volumes) -> None:
    await volumes.acquire("job-1", [await site.disk(volumes)])
    assert await volumes.places(site.config) == Places(20, 0)


async def test_a_disk_that_is_none_of_ours_takes_a_place(site: Site, volumes: Volumes) -> None:
    await volumes.acquire("job-1", [await site.disk(volumes)])
    strange_disk(site)
    assert await volumes.places(site.config) == Places(20, 1)


async def test_the_limit_is_what_cloudstack_allows(site: Site, volumes: Volumes) -> None:
    site.lab.cloud.settings.max_data_volumes = 6
    assert await volumes.places(site.config) == Places(6, 0)


async def test_without_a_machine_of_its_own_nothing_is_counted(site: Site, volumes: Volumes) -> None:
    assert (await volumes.places(dataclasses.replace(site.config, oma_vm_id=""))).foreign == 0


async def test_a_domains_limit_is_seen_before_anything_is_made(site: Site, volumes: Volumes) -> None:
    site.lab.cloud.settings.domain_limits.volume = 1
    await volumes.check_room(site.config, [GIB])
    site.lab.cloud.settings.domain_limits.volume = 0
    await volumes.check_room(site.config, [])
    with pytest.raises(Fault, match="The domain ROOT may use 0 more volumes") as refused:
        await volumes.check_room(site.config, [GIB])
    assert (refused.value.key, site.commands()) == ("volume.no_room", [])
