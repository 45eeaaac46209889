"""The look before a failover: asked for alone, in the way of a request, and in the way of a job that nobody looked at."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from failover_world import World

from appliance.contract.checks import CheckState
from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.failover import StartTest
from appliance.contract.preflight import AskFailover, FailoverKind, Preflight
from appliance.core.store import utcnow
from appliance.failover import preflight, requests
from appliance.failover.kinds import TEST_FAILOVER
from appliance.failover.preflight import LOOKED_AT
from appliance.vsphere.faults import VM_NOT_FOUND

KINDS = pytest.mark.parametrize("kind", list(FailoverKind))


async def look(world: World, kind: FailoverKind = FailoverKind.TEST, **more: Any) -> Preflight:
    return await preflight.asked(world.deps, AskFailover(kind=kind, **world.asked(**more)))


def names(found: Preflight, state: CheckState) -> set[str]:
    return {check.name for check in found.checks if check.state is state}


def asked(world: World, command: str) -> int:
    return sum(line["command"] == command for line in world.lab.cloud.log.read())


@KINDS
async def test_a_vm_that_is_ready_passes_and_nothing_is_touched(world: World, kind: FailoverKind) -> None:
    before = world.commands()
    found = await look(world, kind)
    assert found.ok and names(found, CheckState.FAIL) == set()
    assert {"state", "copy", "copies", "source", "networks", "quota-machines", "preparation"} <= names(found, CheckState.PASS)
    assert (world.commands(), set(world.source.calls)) == (before, {"vm"})
    assert await world.is_as_before() == []


@KINDS
async def test_what_fails_refuses_the_failover_by_name_and_nothing_is_touched(world: World, kind: FailoverKind) -> None:
    world.lab.cloud.settings.limits.instance = 1
    before = world.commands()
    found = await look(world, kind)
    assert not found.ok and names(found, CheckState.FAIL) == {"quota-machines"}
    with pytest.raises(Fault) as refused:
        await (world.test() if kind is FailoverKind.TEST else world.live())
    assert (refused.value.key, refused.value.status, refused.value.fields["checks"]) == ("preflight.failed", 409, "quota-machines")
    assert "0 more machines; 1 is needed" in refused.value.message and "raise the limit" in refused.value.guidance
    assert world.commands() == before and await world.is_as_before() == []


async def test_a_job_that_nobody_looked_at_before_looks_itself_and_is_undone(world: World) -> None:
    """As one would be that a schedule or a queue stores."""
    for looked_at in (None, (utcnow() - timedelta(hours=1)).isoformat(), (utcnow() + timedelta(hours=1)).isoformat(), "yesterday"):
        world.lab.cloud.settings.limits.instance = 1
        params = {"ossea_config_id": world.config.id, "network_mappings": {"VM Network": world.networks["isolated-test"]}}
        params |= {"preparation": "auto", "vm_name": "web", LOOKED_AT: looked_at}
        job = await world.ends(await world.deps.runner.submit(TEST_FAILOVER, params, vm_context_id="ctx-web", peer_id="vma-1"))
        assert job.status == "failed" and job.error is not None and job.error["key"] == "preflight.failed"
        assert await world.is_as_before() == []
    world.lab.cloud.settings.limits.instance = -1
    job = await world.ends(await world.deps.runner.submit(TEST_FAILOVER, params, vm_context_id="ctx-web", peer_id="vma-1"))
    assert (job.status, job.error) == ("completed", None)


async def test_what_was_looked_at_for_the_request_is_not_looked_at_again_by_its_job(world: World) -> None:
    assert (await world.test()).status == "completed"
    assert asked(world, "listApis") == 1


async def test_of_two_that_are_asked_for_at_once_one_is_refused(world: World) -> None:
    both = (requests.start_test(world.deps, StartTest(**world.asked())) for _ in range(2))
    found = await asyncio.gather(*both, return_exceptions=True)
    [started] = [one for one in found if not isinstance(one, BaseException)]
    [refused] = [one for one in found if isinstance(one, Fault)]
    assert refused.key == "vm.busy"
    assert (await world.ends(started.job_id)).status == "completed"


async def test_a_source_that_has_vanished_stops_a_live_failover_but_no_test(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(body: Any) -> Any:
        raise VM_NOT_FOUND(vm="vm-1")

    monkeypatch.setattr(world.source, "vm", gone)
    assert names(await look(world, FailoverKind.LIVE), CheckState.FAIL) == {"source"}
    found = await look(world)
    assert found.ok and "source" in names(found, CheckState.WARN)
    assert (await world.test()).status == "completed"


async def test_a_volume_that_was_deleted_by_hand_is_seen_before(world: World) -> None:
    world.lab.cloud.world.volumes.pop(world.volume_ids[1])
    found = await look(world)
    assert names(found, CheckState.FAIL) == {"copies"}


async def test_a_cloudstack_that_is_away_is_said_in_its_own_words(world: World) -> None:
    await world.lab.__aexit__(None, None, None)
    found = await look(world, FailoverKind.LIVE)
    assert names(found, CheckState.FAIL) == {"cloudstack"} and "state" in names(found, CheckState.PASS)
    await world.lab.__aenter__()


async def test_a_network_that_is_gone_or_missing_fails(world: World) -> None:
    assert names(await look(world, network_id="gone"), CheckState.FAIL) == {"networks"}
    assert names(await look(world, network_id=None), CheckState.FAIL) == {"networks"}
    assert names(await look(world, network_id=world.networks["production"]), CheckState.WARN) >= {"networks"}


async def test_a_held_and_torn_vm_is_shown_with_all_that_is_wrong(world: World) -> None:
    await world.change_context(current_job_id="job-other", torn_since=utcnow())
    assert names(await look(world), CheckState.FAIL) == {"state", "copy"}


async def test_without_a_login_the_source_is_a_check(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(context: Any) -> Any:
        raise UNREACHABLE(cause="no login")

    monkeypatch.setattr(world.deps.source, "access", refused)
    assert names(await look(world, FailoverKind.LIVE), CheckState.FAIL) == {"source"}


async def test_an_unknown_vm_is_not_found(world: World) -> None:
    with pytest.raises(Fault) as refused:
        await preflight.asked(world.deps, AskFailover(kind=FailoverKind.TEST, vm="nobody"))
    assert refused.value.status == 404
