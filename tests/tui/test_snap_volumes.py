"""Pictures of volumes, exports and operations."""

from __future__ import annotations

import pytest

from tests.tui import operation as op
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

FULL = {
    "volumes": [
        op.volume(1),
        op.volume(2, volume_mode="failover", snapshot_id="snap-1", snapshot_status="created"),
        op.volume(3, snapshot_status="lost", vm_context_id="ctx-0099"),
    ],
    "exports": [op.export(1), op.export(2)],
    "volume_operations": [op.operation(1), op.operation(2, type="create", status="failed", error="There is no room in the storage.")],
}
EMPTY: dict[str, object] = {"volumes": [], "exports": [], "volume_operations": []}


@SIZES
@pytest.mark.parametrize("state", [FULL, EMPTY], ids=["normal", "empty"])
def test_volumes(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(op.vm(1), op.vm(2), **state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("volumes"))


@pytest.mark.parametrize("keys", [("f6",), ("f6", "f6")], ids=["exports", "operations"])
def test_other_lists(snap_compare, keys) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", op.answers(op.vm(1), op.vm(2), **FULL)))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("volumes", *keys))
