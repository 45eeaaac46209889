"""Whether a new release is as well as the former one was, by table."""

import pytest

from appliance.agent.upgrade.state import Phase, State
from appliance.agent.upgrade.wellness import Seen, problem_of
from appliance.contract.status import Health, Part, Tunnel


def before(ok: tuple[str, ...] = (), failed: tuple[str, ...] = (), up: tuple[str, ...] = ()) -> State:
    return State(Phase.TRIAL, "0.1.0", "0.2.0", "j", "2026-11-21T07:00:00+00:00", failed_before=failed, ok_before=ok, up_before=up)


def seen(parts: dict[str, str], *tunnels: Tunnel) -> Seen:
    return Seen(Health(state="ok", parts={name: Part(state=one) for name, one in parts.items()}), tunnels)


def tunnel(*, up: bool, met: bool) -> Tunnel:
    return Tunnel(peer_id="p1", peer_name="far", up=up, met=met, last_error="refused")


@pytest.mark.parametrize(
    ("parts", "then", "problem"),
    [
        ({"database": "ok", "exports": "degraded"}, before(), ""),
        ({"database": "failed"}, before(), "database: failed"),
        ({"database": "degraded"}, before(ok=("database",)), "database: degraded"),
        ({"recovery": "failed"}, before(failed=("recovery",)), ""),
        ({"recovery": "failed", "scheduler": "failed"}, before(failed=("recovery",)), "scheduler: failed"),
        ({"recovery": "degraded", "scheduler": "degraded"}, before(ok=("recovery", "scheduler")), ""),
        ({"tunnel": "degraded"}, before(ok=("tunnel",)), ""),
        ({}, before(ok=("gone",)), ""),
    ],
)
def test_a_part_that_was_well_has_to_be_well_unless_its_work_is_held(parts: dict[str, str], then: State, problem: str) -> None:
    assert problem_of(seen(parts), then, waited=True) == problem


@pytest.mark.parametrize(
    ("was_up", "up", "met", "waited", "is_well"),
    [
        (True, True, True, False, True),
        (True, False, False, False, False),
        (True, False, False, True, True),
        (True, False, True, True, False),
        (False, False, True, False, True),
    ],
)
def test_a_tunnel_that_was_up_has_to_be_up_where_the_other_side_is_there(
    was_up: bool, up: bool, met: bool, waited: bool, is_well: bool
) -> None:
    found = problem_of(seen({}, tunnel(up=up, met=met)), before(up=("p1",) if was_up else ()), waited=waited)
    assert found == ("" if is_well else "tunnel: far is not connected (refused)")
