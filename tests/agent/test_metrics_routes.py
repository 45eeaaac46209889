"""What a monitoring system reads: VMs, jobs, bytes, tunnels, the front door and the agent itself."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import pytest
from aiohttp import web
from console_records import cycle, job, keep, vm
from prometheus_client.parser import text_string_to_metric_families

from appliance.agent.http.local import operator_application
from appliance.agent.http.metrics import MetricsRoutes
from appliance.agent.oma_routes import APIS as OMA_APIS
from appliance.agent.vma import APIS as VMA_APIS
from appliance.contract.client import Transport, client
from appliance.contract.metrics import PLAIN, MetricsApi
from appliance.contract.openapi import document
from appliance.contract.status import Tunnel
from appliance.core.store import Store

TUNNELS = [Tunnel(peer_id="p1", peer_name='the "first" \\ one', up=True), Tunnel(peer_id="p2", peer_name="second", up=False)]


async def read(store: Store, role: str = "oma", connections: Mapping[str, int] | None = None) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""

    async def tunnels() -> list[Tunnel]:
        return TUNNELS

    text = await MetricsRoutes(store, role, tunnels, lambda: connections or {}).metrics()
    return {(one.name, *one.labels.values()): one.value for family in text_string_to_metric_families(text) for one in family.samples}


async def test_vms_are_counted_by_state_also_where_there_is_none(store: Store) -> None:
    await keep(store, vm(1), vm(2), vm(3, current_status="failed_over_test"))
    found = await read(store)
    assert found["appliance_vms", "ready_for_failover"] == 2
    assert found["appliance_vms", "failed_over_test"] == 1
    assert found["appliance_vms", "migrated"] == 0


async def test_jobs_are_counted_by_kind_and_state(store: Store) -> None:
    await keep(store, job("a"), job("b"), job("c", "failed", kind="cleanup"))
    found = await read(store)
    assert {key[1:]: value for key, value in found.items() if key[0] == "appliance_jobs"} == {
        ("replication", "completed"): 2,
        ("cleanup", "failed"): 1,
    }


async def test_the_bytes_of_all_cycles_are_summed(store: Store) -> None:
    await keep(store, vm(1), cycle("a", "ctx-0001", bytes_transferred=1 << 40), cycle("b", "ctx-0001", bytes_transferred=5))
    assert (await read(store))["appliance_moved_bytes",] == (1 << 40) + 5


async def test_each_tunnel_is_up_or_down_whatever_its_peer_is_called(store: Store) -> None:
    found = await read(store)
    assert found["appliance_tunnel_up", 'the "first" \\ one', "p1"] == 1
    assert found["appliance_tunnel_up", "second", "p2"] == 0


async def test_what_the_front_door_turned_away_is_counted(store: Store) -> None:
    found = await read(store, connections={"accepted": 9, "crowded_out": 4, "strangers": 2})
    assert found["appliance_front_door_connections_total", "crowded_out"] == 4
    assert found["appliance_front_door_strangers",] == 2
    assert ("appliance_front_door_connections_total", "strangers") not in found


async def test_the_agent_tells_its_memory_and_its_age(store: Store) -> None:
    found = await read(store)
    assert found["process_resident_memory_bytes",] > 1 << 20
    assert 0 <= found["appliance_uptime_seconds",] < 60


async def test_a_vma_has_no_vms_and_no_front_door(store: Store) -> None:
    names = {key[0] for key in await read(store, "vma")}
    assert "appliance_tunnel_up" in names
    assert not names & {"appliance_vms", "appliance_moved_bytes", "appliance_front_door_strangers"}


@pytest.fixture
async def url(store: Store):  # type: ignore[no-untyped-def]
    async def tunnels() -> list[Tunnel]:
        return TUNNELS

    runner = web.AppRunner(operator_application([(MetricsApi, MetricsRoutes(store, "oma", tunnels))], "a-token"))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_the_route_answers_plain_text_to_whoever_has_the_token(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/api/v1/metrics", headers={"Authorization": "Bearer a-token"}) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, PLAIN)
            assert (await answer.text()).startswith("# HELP appliance_info")
        async with session.get(f"{url}/api/v1/metrics") as answer:
            assert answer.status == 401


async def test_the_client_gives_the_text_as_it_stands(url: str) -> None:
    transport = Transport(url, token="a-token")
    try:
        assert "\nappliance_uptime_seconds " in await client(MetricsApi, transport).metrics()
    finally:
        await transport.close()


def test_the_description_says_that_it_is_plain_text() -> None:
    answer = document("title", "1", (MetricsApi,))["paths"]["/api/v1/metrics"]["get"]["responses"]["200"]["content"]
    assert answer == {PLAIN: {"schema": {"type": "string"}}}


@pytest.mark.parametrize("apis", [OMA_APIS, VMA_APIS], ids=("oma", "vma"))
def test_both_appliances_have_it(apis: tuple[type, ...]) -> None:
    assert MetricsApi in apis
