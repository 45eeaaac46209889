"""The rows that a support bundle shows: of named tables, without columns that may hold a secret."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table, select

from appliance.agent.support.redaction import is_secret_name
from appliance.agent.tables import METADATA
from appliance.core.store import Store

NEWEST = 10_000
"""Rows shown of a table."""

SHOWN = (
    "audit_events",
    "cloudstack_job_tracking",
    "device_mappings",
    "failover_jobs",
    "job_id_correlations",
    "job_steps",
    "jobs",
    "log_events",
    "nbd_exports",
    "network_mappings",
    "ossea_volumes",
    "peers",
    "replication_jobs",
    "replication_schedules",
    "schedule_executions",
    "schedule_vms",
    "tunnel_events",
    "verification_disks",
    "verifications",
    "vm_disks",
    "vm_group_memberships",
    "vm_machine_groups",
    "vm_replication_contexts",
    "vm_specifications",
    "volume_operations",
)

WITHHELD = ("api_tokens", "ossea_configs", "pairing_codes", "settings", "vmware_credentials")
"""Tables that hold secrets, sealed or hashed; nothing of them leaves the appliance."""


def columns(table: Table) -> list[Column[Any]]:
    """The columns that are shown."""
    return [column for column in table.columns if not is_secret_name(column.name)]


async def rows(store: Store, name: str) -> list[dict[str, object]]:
    """The newest rows of a table, oldest first."""
    table = METADATA.tables[name]
    age = table.columns["created_at"] if "created_at" in table.columns else next(iter(table.primary_key.columns))
    async with store.session() as session:
        found = await session.execute(select(*columns(table)).order_by(age.desc()).limit(NEWEST))
    return [dict(row) for row in reversed(found.mappings().all())]
