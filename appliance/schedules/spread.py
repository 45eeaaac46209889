"""Spreading starts over a while instead of all at once. Pure: the same ids give the same starts, after a restart too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta


def starts(schedule_id: str, priorities: Mapping[str, int], due: datetime, spread: timedelta) -> dict[str, datetime]:
    """When each VM is started: evenly over `spread` from `due` on, the higher priority first, each a little shifted by its ids."""
    shares = {vm: share(schedule_id, vm) for vm in priorities}
    order = sorted(priorities, key=lambda vm: (-priorities[vm], shares[vm], vm))
    return {vm: due + spread * ((place + shares[vm]) / len(order)) for place, vm in enumerate(order)}


def bounded(spread: timedelta, due: datetime, following: datetime | None) -> timedelta:
    """No longer than half the time until the schedule fires again."""
    return spread if following is None else min(spread, (following - due) / 2)


def share(schedule_id: str, vm: str) -> float:
    """A number from 0 to less than 1 that stays the same for a VM in a schedule."""
    digest = hashlib.sha256(f"{schedule_id}\n{vm}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
