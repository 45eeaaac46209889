"""Copies whose records came back from a back-up: what is on the disks may be newer than they say, or half of something newer.

Such a copy counts as torn until a cycle has brought it up to date and compared every block of it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from appliance.contexts import records
from appliance.contexts.models import VmContext
from appliance.contexts.states import VmEvent, VmState
from appliance.contract.errors import fault

NOT_IN_DOUBT = fault(
    "vm.copy_not_in_doubt",
    409,
    "The copy of {name} can't be used as it is: it is not in doubt after a restore, or a copy may have stopped while writing to it.",
    "Look at the VM's page: it shows what can be done in this state.",
)
KEY = "doubt"
"""Where it stands in a consistent point."""
Point = dict[str, Any]


class Doubt(StrEnum):
    """What is known of such a copy: no cycle has been stopped while it wrote to it, or one may have been."""

    WHOLE = "whole"
    WRITTEN = "written"


def of(context: VmContext) -> Doubt | None:
    """The doubt about the VM's copy; None for most."""
    found = (context.consistent_point or {}).get(KEY)
    return Doubt(found) if found else None


def cast(context: VmContext, now: datetime) -> None:
    """The records of this VM came from a back-up: its copy is not started before it was compared. Done again, nothing changes."""
    point = context.consistent_point
    if point is None or context.current_status == VmState.MIGRATED:
        return
    whole = of(context) is Doubt.WHOLE or (context.torn_since is None and context.current_status != VmState.REPLICATING)
    context.consistent_point = {**point, KEY: (Doubt.WHOLE if whole else Doubt.WRITTEN).value}
    context.torn_since = context.torn_since or now
    # The end of the job that holds it decides: what a failover left has to be cleaned up first.
    if context.current_status == VmState.READY and context.current_job_id is None:
        records.advance(context, VmEvent.RECORDS_RESTORED)


def note_writing(context: VmContext) -> None:
    """A cycle is about to write: should it stop, the copy is more than in doubt."""
    if of(context) is not None:
        context.consistent_point = {**(context.consistent_point or {}), KEY: Doubt.WRITTEN.value}


def carried(context: VmContext, point: Point) -> Point:
    """A new point of the VM, with the doubt about the one before: nobody knows what else was written between them."""
    return point if of(context) is None else {**point, KEY: Doubt.WHOLE.value}


def dispel(context: VmContext) -> None:
    """Every block was compared with the source."""
    context.consistent_point = {key: value for key, value in (context.consistent_point or {}).items() if key != KEY}
    context.torn_since = None


def accept(context: VmContext) -> None:
    """An operator takes the copy as it is. The next cycle compares all of it nevertheless.

    Raises a Fault: `vm.busy`, `vm.copy_not_in_doubt`.
    """
    if context.current_job_id is not None:
        raise records.BUSY(name=context.vm_name, cause=f"held by {context.current_job_id}")
    waits = context.current_status == VmState.FAILED and context.torn_since is not None and context.diverged_since is None
    if not waits or of(context) is not Doubt.WHOLE:
        raise NOT_IN_DOUBT(name=context.vm_name)
    context.torn_since = None
    records.advance(context, VmEvent.COPY_ACCEPTED)
