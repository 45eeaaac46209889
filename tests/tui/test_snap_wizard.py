"""Pictures of the first set-up's steps."""

from __future__ import annotations

import pytest

from appliance.contract.network import Network
from appliance.contract.pairing import PairingCode
from appliance.contract.setup import Stage
from appliance.contract.status import Part
from tests.tui.snapshots import SIZES, after
from tests.tui.stand_in import NOW, StandIn, common, console, healthy, network_state, set_up, status_of
from tests.tui.test_snap_pairing import CODE, PEER

PAIRING = {"pairing": CODE, "peers": [PEER], "show_code": PairingCode(code=CODE.code, expires_at=NOW), "hide_code": None, "joined": []}


def at(stage: Stage, role: str = "oma", **changes: object) -> StandIn:
    """An appliance whose set-up stands there."""
    return StandIn(role, common(role) | PAIRING | {"setup": set_up(stage)} | changes)


@SIZES
@pytest.mark.parametrize(
    ("stage", "role"), [(Stage.WELCOME, "oma"), (Stage.NETWORK, "oma"), (Stage.PAIRING, "oma"), (Stage.PAIRING, "vma")]
)
def test_step(snap_compare, size, stage, role) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(console(at(stage, role)), terminal_size=size, run_before=after())


@SIZES
@pytest.mark.parametrize("state", ["normal", "incomplete"])
def test_status_at_the_end(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    answers: dict[str, object] = {}
    if state == "incomplete":
        health = healthy()
        ill = health.model_copy(
            update={"state": "degraded", "parts": health.parts | {"tunnel": Part(state="degraded", detail="not paired")}}
        )
        bare: Network = network_state(dns=[])
        answers = {"status": status_of("oma", tunnels=[], addresses=[]), "health": ill, "network": bare}
    stand_in = at(Stage.PAIRING, **answers)
    stand_in.answers["set_stage"] = lambda body: set_up(body.stage, password=state == "normal")
    stand_in.answers["setup"] = set_up(Stage.PAIRING)
    app = console(stand_in)

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await after()(pilot)
        stand_in.answers["setup"] = set_up(Stage.DONE, password=state == "normal")
        await after("f7")(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run)
