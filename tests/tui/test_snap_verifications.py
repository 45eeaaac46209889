"""Pictures of verifications and of a report."""

from __future__ import annotations

import pytest

from tests.tui import operation as op
from tests.tui import verification_answers as some
from tests.tui.snapshots import SIZES
from tests.tui.stand_in import StandIn, console


@SIZES
@pytest.mark.parametrize("state", [{}, {"verifications": []}], ids=["normal", "empty"])
def test_verifications(snap_compare, size, state) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(**state)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("verifications"))


@SIZES
@pytest.mark.parametrize("found", [some.report(), some.busy_report(), some.failed_report()], ids=["normal", "busy", "failed"])
def test_verification_report(snap_compare, size, found) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(verification=found)))
    assert snap_compare(app, terminal_size=size, run_before=op.opened("verifications", "enter"))


def test_disk_of_a_report(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("verifications", "enter", "down", "enter"))


def test_how_much_is_compared(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers()))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("verifications", "f7", "enter"))


def test_vm_page_with_a_difference(snap_compare) -> None:  # type: ignore[no-untyped-def]
    app = console(StandIn("oma", some.answers(verifications=[some.verification(1, **some.REPAIRED)])))
    assert snap_compare(app, terminal_size=(80, 25), run_before=op.opened("vms", "enter"))
