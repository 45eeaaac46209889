"""Pictures of discovery, of adding VMs, and of what a VM was like."""

from __future__ import annotations

import pytest

from appliance.contract.errors import FaultSpec
from tests.tui import discovery_answers as some
from tests.tui import operation as op
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console

AWAY = FaultSpec("test.vcenter_slow", 504, "The vCenter vcenter.example.net did not answer in time.", "Check that it is healthy.")
STATES = {"normal": {}, "empty": {"discover": some.pages([])}, "failed": {"discover": AWAY()}}


@SIZES
@pytest.mark.parametrize("state", STATES)
def test_discovery(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**STATES[state])))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("discovery"))


@SIZES
def test_marked(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("discovery", "f4", "enter"))


def test_without_a_login(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(credentials=[])))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("discovery"))


def test_folders_and_clusters(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("discovery", "f6"))


@SIZES
def test_why_a_vm_cant_be_migrated(snap_compare, size) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("discovery", "down", "down", "down", "enter"))


@SIZES
@pytest.mark.parametrize("state", [{}, {"additions": some.WAITING}], ids=["normal", "busy"])
def test_additions(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("discovery", "f4", "enter", "f8", "f8"))


@SIZES
@pytest.mark.parametrize("state", [{}, {"specifications": []}], ids=["normal", "empty"])
def test_specifications(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("vms", "enter", "f2", "enter", "down"))


def test_question_before_a_vm_is_removed(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("vms", "enter", "f2", "down", "down", "down", "enter"))
