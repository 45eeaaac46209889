"""Checks of a VM's copy: how old its last consistent point is, and what its disks' copies are like (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.contract.checks import Check, failed, passed, warned
from appliance.volumes.records import Volume

OLD = timedelta(hours=24)
"""The age of a consistent point from which on it is warned of."""
_AHEAD = timedelta(minutes=5)


def age_check(point: Mapping[str, Any] | None, now: datetime, old: timedelta = OLD) -> list[Check]:
    """How old the last consistent point is; nothing where there is none, which is another check's finding."""
    if point is None:
        return []
    name, at = "consistent-point", _moment(point.get("at"))
    if at is None:
        return [warned(name, "When the last consistent point was taken is not known.", "Copy what changed now, before you go on.")]
    if at > now + _AHEAD:
        guidance = "Check the clocks of both appliances, and copy what changed now."
        return [warned(name, f"The last consistent point, {at:%Y-%m-%d %H:%M} UTC, lies in the future.", guidance)]
    words = f"{at:%Y-%m-%d %H:%M} UTC, {_ago(now - at)} ago"
    if now - at > old:
        return [warned(name, f"The last consistent point is old: {words}.", "Copy what changed now, before you go on.")]
    return [passed(name, f"The last consistent point is of {words}.")]


def copies_check(volumes: Sequence[Volume], gone: Sequence[Volume], own_vm_id: str) -> Check:
    """Whether the copies of all disks can be taken: there, with no other machine, without a snapshot of an earlier failover."""
    name = "copies"
    if gone:
        guidance = "If they were deleted there by hand, remove the VM from management and add it again; it is then copied in full."
        return failed(name, f"CloudStack does not have the volume {_names(gone)} any more.", guidance)
    away = [one for one in volumes if one.vm_id not in (None, "", own_vm_id)]
    if away:
        guidance = (
            "Clean up the failover that attached it. Where there was none, as on a new appliance with a restored back-up: detach it from "
            "that machine in CloudStack, and save the CloudStack configuration again with the machine that this appliance is now."
        )
        return failed(name, f"The volume {_names(away)} is attached to another machine.", guidance)
    kept = [one for one in volumes if one.snapshot_id is not None]
    if kept:
        return failed(name, f"The volume {_names(kept)} has a snapshot of an earlier failover.", "Clean up that failover first.")
    return passed(name, "The copy of every disk is there.")


def _names(volumes: Sequence[Volume]) -> str:
    return ", ".join(one.name for one in volumes)


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _ago(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
