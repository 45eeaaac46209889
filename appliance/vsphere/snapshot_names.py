"""How our snapshots are called in vCenter. Known on the OMA too, which speaks to no vCenter and loads no client for one."""

from __future__ import annotations

PREFIX = "migration-appliance-"


def name_for(job_id: str) -> str:
    """What the snapshot of this job is called."""
    return PREFIX + job_id


def is_ours(name: str) -> bool:
    """A snapshot that the appliance made."""
    return name.startswith(PREFIX)
