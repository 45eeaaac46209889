"""A client that this project did not write: apache-libcloud's driver."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from libcloud.common.types import InvalidCredsError, ProviderError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from appliance.lab.cloudstack import CloudstackLab

Result = TypeVar("Result")
pytestmark = pytest.mark.peers


async def in_thread(work: Callable[[object], Result], lab: CloudstackLab, secret: str = "") -> Result:
    """Run blocking calls of the driver beside the lab."""
    port = int(lab.url.split(":")[2].split("/")[0])

    def call() -> Result:
        driver = get_driver(Provider.CLOUDSTACK)(
            lab.api_key, secret or lab.secret_key, secure=False, host="127.0.0.1", port=port, path="/client/api"
        )
        driver.connection.poll_interval = 0.02
        return work(driver)

    return await asyncio.to_thread(call)


async def test_it_lists_what_there_is(lab: CloudstackLab) -> None:
    def work(driver):
        return [
            [zone.name for zone in driver.list_locations()],
            [image.name for image in driver.list_images()],
            [(size.name, size.ram) for size in driver.list_sizes()],
            [(node.name, node.state) for node in driver.list_nodes()],
            driver.list_volumes(),
            [network.name for network in driver.ex_list_networks()],
            [offering.name for offering in driver.ex_list_disk_offerings()],
            driver.ex_limits() is not None,
        ]

    zones, images, sizes, nodes, volumes, networks, offerings, limits = await in_thread(work, lab)
    assert (zones, images, sizes[0]) == (["lab-zone"], ["Migration placeholder"], ("Small", 512))
    assert (nodes, volumes, limits) == ([("oma", "running")], [], True)
    assert (networks, offerings[0]) == (["production", "isolated-test"], "Custom")


async def test_it_makes_attaches_snapshots_detaches_and_deletes_a_volume(lab: CloudstackLab) -> None:
    def work(driver):
        [node] = driver.list_nodes()
        volume = driver.create_volume(2, "from libcloud")
        driver.attach_volume(node, volume)
        states = [each.state for each in driver.list_volumes(node)]
        with pytest.raises(ProviderError):
            driver.create_volume_snapshot(volume)
        driver.detach_volume(volume)
        snapshot = driver.create_volume_snapshot(volume)
        found = [each.id for each in driver.list_snapshots()] == [snapshot.id]
        driver.ex_create_tags([volume.id], "Volume", {"job": "a [1]"})
        tags = driver.ex_get_volume(volume.id).extra["tags"]
        driver.destroy_volume_snapshot(snapshot)
        driver.destroy_volume(volume)
        return states, found, tags, driver.list_volumes()

    assert await in_thread(work, lab) == (["inuse"], True, {"job": "a [1]"}, [])


async def test_it_deploys_and_destroys_a_vm(lab: CloudstackLab) -> None:
    def work(driver):
        node = driver.create_node("stranger", driver.list_sizes()[0], driver.list_images()[0], networks=driver.ex_list_networks()[:1])
        state = node.state
        driver.destroy_node(node, ex_expunge=True)
        deadline = time.monotonic() + 5
        while len(driver.list_nodes()) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        return state, [each.name for each in driver.list_nodes()]

    assert await in_thread(work, lab) == ("stopped", ["oma"])


async def test_a_wrong_secret_is_refused(lab: CloudstackLab) -> None:
    with pytest.raises(InvalidCredsError):
        await in_thread(lambda driver: driver.list_locations(), lab, secret="wrong")
