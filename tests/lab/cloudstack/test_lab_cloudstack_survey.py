"""What the lab says of itself to who wants to know before using it."""

from collections.abc import Awaitable, Callable

import pytest
from cs import AIOCloudStack, CloudStackApiException

from appliance.lab.cloudstack import CloudstackLab

NewVolume = Callable[..., Awaitable[str]]


async def test_a_right_can_be_taken_away_at_any_time(lab: CloudstackLab, cs: AIOCloudStack) -> None:
    assert "createSnapshot" in [one["name"] for one in (await cs.listApis())["api"]]
    lab.cloud.settings.denied = ["createsnapshot"]
    assert "createSnapshot" not in [one["name"] for one in (await cs.listApis())["api"]]
    with pytest.raises(CloudStackApiException) as refused:
        await cs.createSnapshot(volumeid="x")
    assert refused.value.response.status == 432


async def test_an_account_tells_what_it_uses_and_what_is_left(lab: CloudstackLab, cs: AIOCloudStack, new_volume: NewVolume) -> None:
    lab.cloud.settings.limits.volume = 3
    await new_volume(size=2)
    [account] = (await cs.listAccounts())["account"]
    assert (account["volumelimit"], account["volumetotal"], account["volumeavailable"]) == ("3", 1, "2")
    assert (account["primarystoragelimit"], account["primarystoragetotal"]) == ("Unlimited", 2)


async def test_pools_and_settings_are_told_as_they_are_set(lab: CloudstackLab, cs: AIOCloudStack) -> None:
    lab.cloud.settings.pool.type, lab.cloud.settings.snapshots_to_secondary = "CLVM", False
    [pool] = (await cs.listStoragePools())["storagepool"]
    [setting] = (await cs.listConfigurations(name="snapshot.backup.to.secondary"))["configuration"]
    assert (pool["type"], pool["state"], setting["value"]) == ("CLVM", "Up", "false")


async def test_lists_are_of_the_zone_that_is_asked_for(cs: AIOCloudStack) -> None:
    zone = (await cs.listZones())["zone"][0]["id"]
    assert (await cs.listNetworks(zoneid=zone))["count"] == 2
    assert await cs.listNetworks(zoneid="another") == {}
