"""The looks before, over the routes of a real OMA with its VMA, a vCenter and a CloudStack."""

import asyncio
from pathlib import Path

import pytest

from appliance.contract.checks import Check, CheckState
from appliance.contract.errors import Fault
from appliance.contract.preflight import AskFailover, AskProtection, FailoverKind, Preflight, PreflightApi
from appliance.contract.replications import StartReplication
from appliance.lab.vcenter.plan import DiskPlan
from tests.e2e.world import MIB, World, storage_vm, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def looks(site: World) -> PreflightApi:
    api: PreflightApi = site.api(PreflightApi)  # type: ignore[assignment]
    return api


async def first_copy(site: World, vm: str) -> Preflight:
    return await looks(site).preflight_protection(AskProtection(vm_path=f"/DC0/vm/{vm}", credential_id=site.credential_id))


async def failover(site: World, kind: FailoverKind, **more: str) -> Preflight:
    return await looks(site).preflight_failover(AskFailover(vm="web1", kind=kind, **more))


def names(found: Preflight, state: CheckState) -> set[str]:
    return {check.name for check in found.checks if check.state is state}


def one(found: Preflight, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


async def test_what_stands_in_the_way_of_a_copy_and_of_a_failover_is_said_before_anything_is_started(tmp_path: Path) -> None:
    fixed = storage_vm("fixed", 16 * MIB)
    fixed.disks = [DiskPlan(size=16 * MIB, mode="independent_persistent")]
    async with world(tmp_path, storage_vm("web1", 16 * MIB), storage_vm("aged", 16 * MIB), fixed) as site:
        cloud, networks = site.cloud.cloud, site.cloud.cloud.networks
        before = len(cloud.world.volumes)

        found = await first_copy(site, "web1")
        assert found.ok, names(found, CheckState.FAIL)
        assert {"link", "peer-version", "source", "disks", "datastore", "managed", "zone", "zone-storage"} <= names(found, CheckState.PASS)

        await site.lab("POST", "/vms/aged/snapshots", {"name": "before the <b>update</b> 🏔️", "days_old": 400})
        aged = await first_copy(site, "aged")
        assert names(aged, CheckState.FAIL) == {"snapshots", "disks"}
        assert "before the <b>update</b> 🏔️" in one(aged, "snapshots").sentence
        assert names(await first_copy(site, "fixed"), CheckState.FAIL) == {"disks"}
        assert names(await first_copy(site, "nobody"), CheckState.FAIL) == {"source"}

        cloud.settings.limits.volume = before
        request = StartReplication(credential_id=site.credential_id, vm_path="/DC0/vm/web1")
        with pytest.raises(Fault) as refused:
            await site.replications.replicate(request)
        assert (refused.value.status, refused.value.key) == (409, "preflight.failed")
        assert refused.value.fields["checks"] == "quota-volumes"
        assert await site.replications.contexts() == [] and len(cloud.world.volumes) == before
        cloud.settings.limits.volume = -1

        _, job_id = await site.protect("web1")
        await site.ended(job_id)
        assert names(await first_copy(site, "web1"), CheckState.FAIL) == {"managed"}

        isolated = next(identity for identity, network in networks.items() if network.isolated)
        test = await failover(site, FailoverKind.TEST, network_id=isolated)
        assert test.ok and {"link", "copies", "networks", "consistent-point"} <= names(test, CheckState.PASS)
        assert names(await failover(site, FailoverKind.TEST), CheckState.FAIL) == {"networks"}
        assert (await failover(site, FailoverKind.LIVE)).ok

        site.vma.kill()
        while any(peer.connected for peer in await site.peers.peers()):
            await asyncio.sleep(0.05)
        live = await failover(site, FailoverKind.LIVE)
        assert {"link", "source"} <= names(live, CheckState.FAIL)
        assert (await failover(site, FailoverKind.TEST, network_id=isolated)).ok
