"""The records of an OMA that has run a fleet for months: VMs, jobs with their steps and logs, schedules, audit events."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from appliance.agent.tables import METADATA
from appliance.contexts import VmContext
from appliance.core.audit import AuditEvent
from appliance.core.jobs import Job, JobStep, LogEvent
from appliance.core.store import Base, Store, utcnow
from appliance.replication.cycle import Replication
from appliance.replication.models import ReplicationJob, VmDisk
from appliance.schedules.models import GroupMembership, MachineGroup, ReplicationSchedule, ScheduleExecution, ScheduleVm
from appliance.tunnel.models import Peer
from appliance.volumes.links import Links
from appliance.volumes.models import DeviceMappingRow, NbdExportRow, VolumeRow

PEER, CONFIG, DISK = "vma-bench", 1, "disk-2000"
STEPS = [(step.name, step.title) for step in Replication.made_of]
COPYING = [name for name, _ in STEPS].index("data-transfer")
LINES_A_JOB = 3
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Fleet:
    """How much there is. `unfinished` of the VMs are in the middle of a copy."""

    vms: int = 1000
    jobs: int = 10_000
    schedules: int = 500
    groups: int = 50
    audit: int = 5000
    executions: int = 5000
    unfinished: int = 0


def context_id(number: int) -> str:
    """The id of a VM."""
    return f"ctx-{number:024x}"


def job_id(number: int) -> str:
    """The id of a job; ids sort by the time of making."""
    return f"job-{number:024x}"


def volume_id(number: int) -> str:
    """The id of a VM's one volume, as CloudStack would give it."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


async def fill(store: Store, fleet: Fleet, links: Links, now: datetime | None = None) -> None:
    """Write the records of a fleet into an empty store that has the configuration `CONFIG` and the credential 1."""
    assert METADATA.tables
    now = now or utcnow()
    tables: Sequence[tuple[type[Base], Iterator[dict[str, Any]]]] = (
        (Peer, iter([{"id": PEER, "name": "vma1", "role": "vma", "ssh_public_key": "", "state": "paired", "last_seen": now}])),
        (VmContext, (_context(number, fleet, now) for number in range(fleet.vms))),
        (
            Job,
            itertools.chain((_ended(n, fleet, now) for n in range(fleet.jobs)), (_copying(n, fleet, now) for n in range(fleet.unfinished))),
        ),
        (JobStep, _steps(fleet, now)),
        (LogEvent, _lines(fleet, now)),
        (ReplicationJob, (_cycle(number, fleet, now) for number in range(fleet.jobs + fleet.unfinished))),
        (VmDisk, (_disk(number) for number in range(fleet.jobs + fleet.unfinished))),
        (VolumeRow, (_volume(number) for number in range(fleet.vms))),
        (DeviceMappingRow, (_mapping(number, links) for number in range(fleet.vms))),
        (NbdExportRow, (_export(number) for number in range(fleet.vms))),
        (MachineGroup, (_group(number) for number in range(fleet.groups))),
        (GroupMembership, (_member(number, fleet) for number in range(fleet.vms))),
        (ReplicationSchedule, (_schedule(number, fleet, now) for number in range(fleet.schedules))),
        (ScheduleVm, (_named(number, fleet) for number in range(fleet.schedules))),
        (ScheduleExecution, (_execution(number, fleet, now) for number in range(fleet.executions))),
        (AuditEvent, (_event(number, fleet, now) for number in range(fleet.audit))),
    )
    async with store.begin() as session:
        for table, rows in tables:
            while some := list(itertools.islice(rows, 5000)):
                await session.execute(insert(table), some)
    await asyncio.to_thread(_link_all, fleet, links)


def _link_all(fleet: Fleet, links: Links) -> None:
    for number in range(fleet.vms):
        links.path(volume_id(number)).symlink_to(_device(number))


def _device(number: int) -> Path:
    return Path(f"/dev/disk/by-id/virtio-{volume_id(number).replace('-', '')[:20]}")


def _context(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    copying = number < fleet.unfinished
    point = {"at": now.isoformat(), "job_id": job_id(number), "capacities": {DISK: 1 << 30}, "change_ids": {DISK: "52 aa bb/7"}}
    disk = {"disk_id": DISK, "key": 2000, "label": "Hard disk 1", "capacity_bytes": 1 << 30, "vmdk_path": "[ds] a/a.vmdk"}
    nic = {"key": 4000, "label": "Network adapter 1", "network": "VM Network", "mac": "00:50:56:00:00:01", "addresses": ["10.0.0.1"]}
    return {
        "context_id": context_id(number),
        "peer_id": PEER,
        "vm_name": f"web{number:04}",
        "vmware_vm_id": f"vm-{number}",
        "vm_path": f"/DC0/vm/folder{number % 20}/web{number:04}",
        "vcenter_host": "vcenter.example",
        "datacenter": "DC0",
        "current_status": "replicating" if copying else "ready_for_failover",
        "current_job_id": job_id(fleet.jobs + number) if copying else None,
        "last_successful_job_id": job_id(number),
        "last_operation_summary": {"job_id": job_id(number), "kind": "replication", "title": "t", "status": "completed", "error": None},
        "consistent_point": point,
        "torn_since": now if copying else None,
        "credential_id": 1,
        "ossea_config_id": CONFIG,
        "specification": {"name": f"web{number:04}", "disks": [disk] * 4, "nics": [nic] * 2, "notes": "x" * 400},
        "created_at": now,
        "updated_at": now,
    }


def _ended(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    failed = number % 14 == 0
    error = {"key": "vcenter.unreachable", "status": 502, "message": "It did not answer.", "guidance": "Look.", "cause": "x", "fields": {}}
    made = now - timedelta(minutes=fleet.jobs - number)
    return {
        **_job(number, number % fleet.vms, made),
        "status": "failed" if failed else "completed",
        "error": error if failed else None,
        "completed_at": made + timedelta(minutes=5),
        "progress_percent": 100.0,
        "state": {"tasks": [], "volumes": {DISK: volume_id(number % fleet.vms)}},
    }


def _copying(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    task = {"disk_id": DISK, "key": 2000, "capacity_bytes": 1 << 30, "previous_change_id": None}
    volumes = {DISK: volume_id(number)}
    state = {"tasks": [task], "volumes": volumes, "devices": {DISK: "/nowhere"}, "sent": True, "ordered": True}
    return {
        **_job(fleet.jobs + number, number, now),
        "status": "running",
        "error": None,
        "completed_at": None,
        "progress_percent": 40.0,
        "state": state,
    }


def _job(number: int, vm: int, made: datetime) -> dict[str, Any]:
    params = {"context_id": context_id(vm), "vm_name": f"web{vm:04}", "config_id": CONFIG, "quiesce": False, "parent_job_id": None}
    return {
        "id": job_id(number),
        "kind": "replication",
        "title": f"Replication of web{vm:04}",
        "vm_context_id": context_id(vm),
        "peer_id": PEER,
        "params": {**params, "verify": None},
        "created_at": made,
        "updated_at": made,
        "started_at": made,
    }


def _steps(fleet: Fleet, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(fleet.jobs + fleet.unfinished):
        copying = number >= fleet.jobs
        for position, (name, title) in enumerate(STEPS):
            status = "completed" if not copying or position < COPYING else "running" if position == COPYING else "pending"
            times = {"started_at": now, "completed_at": now if status == "completed" else None}
            yield {"job_id": job_id(number), "position": position, "name": name, "title": title, "status": status, "error": None, **times}


def _lines(fleet: Fleet, now: datetime) -> Iterator[dict[str, Any]]:
    for number, line in itertools.product(range(fleet.jobs), range(LINES_A_JOB)):
        yield {"job_id": job_id(number), "step": "commit", "level": "info", "message": f"Line {line} of the log.", "created_at": now}


def _cycle(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    vm = (number - fleet.jobs) if number >= fleet.jobs else number % fleet.vms
    words = dict.fromkeys(("source_vm_id", "source_vm_name", "source_vm_path", "vcenter_host", "datacenter"), "x")
    return {
        **words,
        "id": job_id(number),
        "vm_context_id": context_id(vm),
        "peer_id": PEER,
        "replication_type": "incremental",
        "status": "running" if number >= fleet.jobs else "completed",
        "ossea_config_id": CONFIG,
        "specification": {"cpus": 2, "memory_mib": 4096},
        "bytes_transferred": 1 << 24,
        "total_bytes": 1 << 25,
        "created_at": now,
        "updated_at": now,
    }


def _disk(number: int) -> dict[str, Any]:
    words = {"vmdk_path": "[ds] a/a.vmdk", "datastore": "ds", "label": "Hard disk 1", "provisioning_type": "thin"}
    return {**words, "job_id": job_id(number), "disk_id": DISK, "size_gb": 1, "unit_number": 0, "capacity_bytes": 1 << 30}


def _volume(number: int) -> dict[str, Any]:
    return {
        "volume_id": volume_id(number),
        "vm_context_id": context_id(number),
        "disk_id": DISK,
        "volume_name": f"web{number:04}-{DISK}",
        "size_gb": 1,
        "ossea_config_id": CONFIG,
    }


def _mapping(number: int, links: Links) -> dict[str, Any]:
    volume = volume_id(number)
    return {"volume_id": volume, "persistent_device_name": _device(number).name, "symlink_path": str(links.path(volume))}


def _export(number: int) -> dict[str, Any]:
    return {"volume_id": volume_id(number), "export_name": f"vol{volume_id(number)}", "port": 10809, "export_metadata": {}}


def _group(number: int) -> dict[str, Any]:
    return {"id": f"group-{number:04}", "name": f"Group {number:04}", "priority": number % 100, "max_concurrent": 5, "conflicts_with": []}


def _member(number: int, fleet: Fleet) -> dict[str, Any]:
    return {"group_id": f"group-{number % fleet.groups:04}", "vm_context_id": context_id(number)}


def _schedule(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    return {
        "id": f"schedule-{number:04}",
        "name": f"Schedule {number:04}",
        "cron": f"{number % 60} {number % 24} * * *",
        "timezone": "Europe/London",
        "enabled": number % 10 != 0,
        "group_id": f"group-{number % fleet.groups:04}" if number < fleet.groups else None,
        "on_missed": "skip",
        "on_gap": "skip",
        "spread_seconds": 1800,
        "quiesce": False,
        "blackouts": [],
        "decided_until": now,
        "next_run_at": now + timedelta(hours=3, minutes=number),
    }


def _named(number: int, fleet: Fleet) -> dict[str, Any]:
    return {"schedule_id": f"schedule-{number:04}", "vm_context_id": context_id((number * 7) % fleet.vms)}


def _execution(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    due = now - timedelta(minutes=fleet.executions - number)
    return {
        "id": f"execution-{number:08}",
        "schedule_id": f"schedule-{number % fleet.schedules:04}",
        "schedule_name": f"Schedule {number % fleet.schedules:04}",
        "vm_context_id": context_id(number % fleet.vms),
        "vm_name": f"web{number % fleet.vms:04}",
        "started_by": "schedule",
        "due_at": due,
        "start_at": due,
        "status": "started",
        "job_id": job_id(number % fleet.jobs),
        "created_at": due,
    }


def _event(number: int, fleet: Fleet, now: datetime) -> dict[str, Any]:
    action = ("start replication", "create schedule", "login", "update credential")[number % 4]
    at = now - timedelta(minutes=fleet.audit - number)
    return {"at": at, "actor": "operator", "action": action, "result": "done", "detail": "web0001"}
