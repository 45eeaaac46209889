"""Network mappings over their routes, and that new machines stand where they say."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from failover_world import World

from appliance.agent.http.failover import FailoverRoutes
from appliance.agent.http.network_mappings import NetworkMappingRoutes
from appliance.cloudstack.configs import ConfigDraft
from appliance.contract.checks import CheckState
from appliance.contract.errors import Fault
from appliance.contract.failover import NetworkMapping, StartLive, StartTest
from appliance.contract.inventory import Nic
from appliance.contract.network_mappings import Kind, MappingTable, Origin, SetDefault, SetMapping, SourceNetwork
from appliance.failover import requests
from appliance.lab.cloudstack.config import Network

STRANGE = "Zürich <b>&amp; 🏔️"


@pytest.fixture
def routes(world: World) -> NetworkMappingRoutes:
    return NetworkMappingRoutes(world.deps)


@pytest.fixture
def default(world: World, routes: NetworkMappingRoutes) -> Callable[..., Any]:
    """Sets a default by the target's name."""

    async def set_default(source: str, kind: Kind, name: str) -> MappingTable:
        return await routes.set_default_mapping(SetDefault(source_network=source, kind=kind, target_network_id=world.networks[name]))

    return set_default


def line(plan: MappingTable, name: str) -> SourceNetwork:
    return next(one for one in plan.networks if one.name == name)


async def adapters(world: World, *names: str) -> None:
    """The source has adapters on these networks."""
    nics = [Nic(label=name, mac=f"00:50:56:00:00:{number:02x}", network=name, model="vmxnet3") for number, name in enumerate(names)]
    world.source.spec = world.source.spec.model_copy(update={"nics": nics})
    await world.change_context(specification=world.source.spec.model_dump(mode="json"))


async def test_without_any_mapping_every_known_network_says_where_it_goes(world: World, routes: NetworkMappingRoutes) -> None:
    await adapters(world, "VM Network", STRANGE)
    plan = await routes.network_mappings()
    assert [(one.name, one.vms) for one in plan.networks] == [("*", 2), ("VM Network", 1), (STRANGE, 1)]
    found = line(plan, STRANGE)
    assert (found.production.target_network_name, found.production.origin) == ("production", Origin.CONFIGURATION)
    assert (found.test.target_network_id, found.test.origin, found.test.state) == (None, Origin.NONE, CheckState.FAIL)


async def test_without_a_configuration_the_list_still_answers(world: World, routes: NetworkMappingRoutes) -> None:
    await world.configs.delete(world.config.id)
    plan = await routes.network_mappings()
    assert (plan.config_id, plan.problem) == (None, "No CloudStack configuration is active.")
    assert (await routes.vm_mappings("web")).networks[0].production.state is CheckState.FAIL


async def test_a_default_is_set_again_and_removed(default: Callable[..., Any], routes: NetworkMappingRoutes) -> None:
    await default("VM Network", Kind.TEST, "production")
    plan = await default("VM Network", Kind.TEST, "isolated-test")
    found = line(plan, "VM Network").test
    assert (found.target_network_name, found.origin, found.state) == ("isolated-test", Origin.DEFAULT, CheckState.PASS)
    await routes.delete_mapping(str(found.mapping_id))
    assert line(await routes.network_mappings(), "VM Network").test.origin is Origin.NONE
    for gone in (str(found.mapping_id), "no-number", "9" * 30):
        with pytest.raises(Fault) as refusal:
            await routes.delete_mapping(gone)
        assert refusal.value.status == 404


async def test_many_who_set_the_same_at_once_leave_one(default: Callable[..., Any], routes: NetworkMappingRoutes) -> None:
    await asyncio.gather(*(default("VM Network", Kind.TEST, name) for name in ("production", "isolated-test") * 4))
    place = line(await routes.network_mappings(), "VM Network").test
    await routes.delete_mapping(str(place.mapping_id))
    assert line(await routes.network_mappings(), "VM Network").test.origin is Origin.NONE


async def test_a_vm_has_its_own_place_whatever_the_default_is(
    world: World, default: Callable[..., Any], routes: NetworkMappingRoutes
) -> None:
    await default("*", Kind.TEST, "production")
    own = SetMapping(source_network="VM Network", kind=Kind.TEST, target_network_id=world.networks["isolated-test"])
    plan = await routes.set_vm_mapping("web", own)
    assert [(one.name, one.test.origin) for one in plan.networks] == [("VM Network", Origin.VM), ("*", Origin.CATCH_ALL)]
    assert line(plan, "*").test.mapping_id is None, "what is not the VM's own can't be removed from its page"


async def test_a_test_on_a_production_network_is_warned_of(default: Callable[..., Any]) -> None:
    found = line(await default("VM Network", Kind.TEST, "production"), "VM Network").test
    assert found.state is CheckState.WARN and "production machines" in found.note


async def test_a_target_that_the_zone_does_not_have_is_refused(world: World, routes: NetworkMappingRoutes) -> None:
    wrong: dict[str, Any] = {"source_network": "VM Network", "kind": Kind.TEST, "target_network_id": "elsewhere"}
    for asking in (
        routes.set_default_mapping(SetDefault(**wrong)),
        routes.set_vm_mapping("web", SetMapping(**wrong)),
        FailoverRoutes(world.deps).set_networks("web", [NetworkMapping(**{**wrong, "kind": "test"})]),
    ):
        with pytest.raises(Fault) as refusal:
            await asking
        assert refusal.value.key == "failover.mapping_target_unknown"


async def test_targets_are_offered_by_name(world: World, routes: NetworkMappingRoutes) -> None:
    assert {one.name: one.id for one in await routes.mapping_targets()} == world.networks


async def test_names_of_every_kind_are_kept_and_shown(world: World, default: Callable[..., Any], routes: NetworkMappingRoutes) -> None:
    world.lab.cloud.config.networks.append(Network(name=STRANGE))
    world.networks[STRANGE] = next(one.id for one in await routes.mapping_targets() if one.name == STRANGE)
    plan = await default(STRANGE, Kind.PRODUCTION, STRANGE)
    assert line(plan, STRANGE).production.target_network_name == STRANGE


async def test_a_mapping_to_a_network_that_is_gone_is_said_and_refused(
    world: World, default: Callable[..., Any], routes: NetworkMappingRoutes
) -> None:
    await default("VM Network", Kind.PRODUCTION, "isolated-test")
    del world.lab.cloud.config.networks[1:]
    found = line(await routes.vm_mappings("web"), "VM Network").production
    assert (found.target_network_name, found.state) == ("isolated-test", CheckState.FAIL)
    assert "no longer has" in found.note
    before = world.commands()
    with pytest.raises(Fault, match="isolated-test") as refusal:
        await requests.start_live(world.deps, StartLive(vm="web"))
    assert refusal.value.key == "failover.network_gone"
    assert (world.commands(), (await world.context()).current_job_id) == (before, None)


async def test_a_cloud_that_does_not_answer_hides_no_mapping(
    world: World, default: Callable[..., Any], routes: NetworkMappingRoutes
) -> None:
    await default("VM Network", Kind.TEST, "isolated-test")
    await change_config(world, address="127.0.0.1:1")
    plan = await routes.vm_mappings("web")
    assert plan.problem and line(plan, "VM Network").test.target_network_name == "isolated-test"


async def test_a_vms_mappings_are_replaced_as_a_whole(world: World, routes: NetworkMappingRoutes) -> None:
    failover = FailoverRoutes(world.deps)
    one = NetworkMapping(source_network="VM Network", kind="test", target_network_id=world.networks["isolated-test"])
    await failover.set_networks("web", [one.model_copy(update={"target_network_id": world.networks["production"]}), one])
    assert await failover.networks("web") == [one]
    assert line(await routes.vm_mappings("web"), "VM Network").test.target_network_name == "isolated-test"
    await failover.set_networks("web", [])
    assert await failover.networks("web") == []


async def test_an_unmapped_adapter_is_refused_before_anything_is_touched(world: World) -> None:
    await change_config(world, network_id="")
    before = world.commands()
    for start, key in (
        (lambda: requests.start_live(world.deps, StartLive(vm="web")), "failover.no_network"),
        (lambda: requests.start_test(world.deps, StartTest(vm="web")), "failover.no_test_network"),
    ):
        with pytest.raises(Fault, match="VM Network") as refusal:
            await start()
        assert refusal.value.key == key
    assert (world.commands(), world.source.calls) == (before, [])


async def change_config(world: World, **changes: str) -> None:
    """The configuration is saved again with something else in it."""
    names = ("name", "zone", "template_id", "network_id", "service_offering_id", "disk_offering_id", "oma_vm_id")
    kept = {name: getattr(world.config, name) for name in names}
    await world.configs.save(ConfigDraft(**{"address": world.config.api_url, **kept, **changes}))


@pytest.mark.lab
@pytest.mark.parametrize("kind", [Kind.TEST, Kind.PRODUCTION])
async def test_the_new_machine_stands_on_the_resolved_networks(
    world: World, default: Callable[..., Any], routes: NetworkMappingRoutes, kind: Kind
) -> None:
    await adapters(world, "VM Network", STRANGE)
    here, there = ("isolated-test", "production") if kind is Kind.TEST else ("production", "isolated-test")
    other = Kind.PRODUCTION if kind is Kind.TEST else Kind.TEST
    for name in ("VM Network", STRANGE):
        await default(name, other, there)
    await default("*", kind, there)
    own = SetMapping(source_network=STRANGE, kind=kind, target_network_id=world.networks[here])
    await routes.set_vm_mapping("web", own)
    job = await (world.test(network_id=None) if kind is Kind.TEST else world.live())
    assert (job.status, job.error) == ("completed", None)
    resolved = {"VM Network": world.networks[there], STRANGE: world.networks[here]}
    assert (await world.row(job.id)).network_mappings == resolved
    [machine] = world.machines()
    assert [nic.network_id for nic in machine.nics] == list(resolved.values())
