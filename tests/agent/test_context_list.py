"""VMs under management by state and name, page by page."""

from typing import Any, cast

import pytest
from console_records import keep, vm

from appliance.agent.http.replications import ReplicationRoutes
from appliance.contexts import VmState
from appliance.contract.api import routes as declared
from appliance.contract.errors import Fault
from appliance.contract.replications import ReplicationsApi
from appliance.core.store import Store


def routes(store: Store) -> ReplicationRoutes:
    return ReplicationRoutes(store, cast(Any, None), cast(Any, None))


async def found(store: Store, **asked: Any) -> list[str]:
    return [one.context_id for one in await routes(store).contexts(**asked)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["ctx-0003", "ctx-0002", "ctx-0001", "ctx-0004"]),
        ({"state": "failed"}, ["ctx-0002"]),
        ({"state": "failed,replicating"}, ["ctx-0003", "ctx-0002"]),
        ({"name": "WEB"}, ["ctx-0001", "ctx-0004"]),
        ({"name": "_"}, []),
        ({"name": "web", "state": "failed"}, []),
        ({"limit": 2}, ["ctx-0003", "ctx-0002"]),
        ({"limit": 2, "after": "ctx-0002"}, ["ctx-0001", "ctx-0004"]),
        ({"after": "ctx-0001", "name": "web"}, ["ctx-0004"]),
        ({"after": "ctx-0004"}, []),
    ],
)
async def test_vms_are_found_by_what_is_asked_for_in_the_order_of_their_names(
    store: Store, asked: dict[str, Any], expected: list[str]
) -> None:
    await keep(
        store,
        vm(1, vm_name="web"),
        vm(2, vm_name="db", current_status="failed"),
        vm(3, vm_name="app", current_status="replicating"),
        vm(4, vm_name="web"),
    )
    assert await found(store, **asked) == expected


async def test_a_page_after_a_vm_that_is_gone_is_refused(store: Store) -> None:
    with pytest.raises(Fault) as refused:
        await found(store, after="ctx-gone")
    assert refused.value.status == 404


def test_every_state_of_a_vm_may_be_asked_for_and_no_other() -> None:
    states = next(one for one in declared(ReplicationsApi) if one.name == "contexts").query["state"]
    assert states.validate_strings(",".join(VmState))
    with pytest.raises(ValueError, match="with commas between"):
        states.validate_strings("unheard-of")
