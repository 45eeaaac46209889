"""Records as an agent leaves them, and a count of what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from appliance.cloudstack.models import OsseaConfigRow
from appliance.contexts import VmContext
from appliance.core.jobs import Job, JobStep
from appliance.core.store import Store
from appliance.replication.models import ReplicationJob
from appliance.replication.verify.models import Verification

START = datetime(2026, 1, 1, tzinfo=UTC)
ERROR = {"key": "vcenter.unreachable", "status": 504, "message": "It can't be reached.", "guidance": "Check it.", "cause": "secret cause"}


def at(minute: float) -> datetime:
    """So many minutes after the beginning."""
    return START + timedelta(minutes=minute)


def vm(number: int, **more: Any) -> VmContext:
    """A VM under management: `ctx-NNNN`, called `vm-NNNN`."""
    words = dict.fromkeys(("peer_id", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), f"x{number}")
    fields = {**words, "context_id": f"ctx-{number:04}", "vm_name": f"vm-{number:04}", "current_status": "ready_for_failover"}
    return VmContext(**fields | more)


def job(job_id: str, status: str = "completed", *, minute: float = 0, **more: Any) -> Job:
    """A job that was made at a minute and, if it has ended, ended half a minute later."""
    ended = status in ("completed", "failed", "cancelled")
    fields: dict[str, Any] = {
        "id": job_id,
        "kind": "replication",
        "title": f"Title of {job_id}",
        "status": status,
        "params": {},
        "state": {},
        "error": ERROR if status == "failed" else None,
        "created_at": at(minute),
        "completed_at": at(minute + 0.5) if ended else None,
        "steps": [JobStep(position=0, name="look", title="Looking", status="completed")],
    }
    return Job(**fields | more)


def cycle(job_id: str, context_id: str, *, minute: float = 0, **more: Any) -> ReplicationJob:
    """The record of a cycle under way: 40 of 100 bytes are done."""
    words = dict.fromkeys(("peer_id", "source_vm_id", "source_vm_name", "source_vm_path", "vcenter_host", "datacenter"), "x")
    figures = {"progress_percent": 40.0, "total_bytes": 100, "bytes_skipped": 900, "transfer_speed_bps": 10, "vma_eta_seconds": 6}
    fields: dict[str, Any] = {
        **words,
        **figures,
        "id": job_id,
        "vm_context_id": context_id,
        "replication_type": "initial",
        "status": "running",
        "ossea_config_id": 1,
        "created_at": at(minute),
        "disks": [],
    }
    return ReplicationJob(**fields | more)


async def keep(store: Store, *rows: Any) -> None:
    """Store records, those that others refer to first."""
    async with store.begin() as session:
        if await session.get(OsseaConfigRow, 1) is None:
            session.add(OsseaConfigRow(id=1, name="lab", api_url="x", api_key="x", secret_key="x"))
        for kind in (VmContext, Job, ReplicationJob, Verification):
            session.add_all([row for row in rows if isinstance(row, kind)])
            await session.flush()


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """What is asked of the database during the block."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine.sync_engine, "before_cursor_execute", note)
