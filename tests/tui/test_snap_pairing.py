"""Pictures of the pairing on both sides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.contract.errors import FaultSpec
from appliance.contract.pairing import Pairing, PairingCode, Peer
from appliance.tui.screens.joining import JoiningScreen
from appliance.tui.screens.pairing_code import CodeScreen
from appliance.tui.screens.peers import PeersScreen
from tests.tui.hands import paste, press
from tests.tui.snapshots import SIZES, after
from tests.tui.stand_in import NOW, StandIn, common, console

CODE = Pairing(code="7K3M9QXP", seconds_left=543.0, tries_left=5, addresses=["192.0.2.10", "2001:db8::10"], paired=None)
PEER = Peer(id="vma-0123456789abcdef", name="vma1", role="vma", state="paired", connected=True, last_seen=NOW)
AWAY = PEER.model_copy(update={"id": "vma-2", "name": "vma2", "connected": False, "last_seen": NOW - timedelta(hours=3)})
REVOKED = AWAY.model_copy(update={"id": "vma-3", "name": "old-vma", "state": "revoked"})
OMA = PEER.model_copy(update={"id": "oma-0123456789abcdef", "name": "oma1", "role": "oma"})
WRONG = FaultSpec(
    "pairing.code_wrong", 403, "The code was not accepted.", "Compare the code and the address with what the other console shows."
)

CODES = {
    "shown": CODE,
    "used-up": CODE.model_copy(update={"code": "", "seconds_left": 0.0, "tries_left": 0}),
    "paired": CODE.model_copy(update={"code": "", "seconds_left": 0.0, "paired": PEER}),
}


@SIZES
@pytest.mark.parametrize("state", CODES)
def test_code(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    shown = PairingCode(code=CODE.code, expires_at=NOW)
    peers = [PEER] if state == "paired" else []
    app = console(StandIn("oma", common("oma") | {"pairing": CODES[state], "peers": peers, "show_code": shown, "hide_code": None}))

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await after()(pilot)
        app.push_screen(CodeScreen())
        await after()(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
@pytest.mark.parametrize("state", ["normal", "empty", "revoking"])
def test_peers(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", common("oma") | {"peers": [] if state == "empty" else [PEER, AWAY, REVOKED]}))

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await after()(pilot)
        app.push_screen(PeersScreen())
        await after(*(["f4", "down", "enter"] if state == "revoking" else []))(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
@pytest.mark.parametrize("state", ["paired", "empty", "failed"])
def test_joining(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("vma", common("vma") | {"joined": [OMA] if state == "paired" else [], "join": WRONG()}))

    async def run(pilot) -> None:  # type: ignore[no-untyped-def]
        await after()(pilot)
        app.push_screen(JoiningScreen())
        await after()(pilot)
        if state == "failed":
            await paste(pilot, "address", "192.0.2.10")
            await paste(pilot, "code", "7k3m 9qxp")
            await press(pilot, "f8")

    assert snap_compare(app, terminal_size=size, run_before=run)
