"""VMs, jobs, cycles and volumes for the screens by which an OMA is operated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from textual.pilot import Pilot

from appliance.contract.checks import passed
from appliance.contract.credentials import Credential
from appliance.contract.discovery import FoundVm, FoundVms
from appliance.contract.jobs import Job, LogLine, Pace, Problem, Step
from appliance.contract.preflight import Preflight
from appliance.contract.replications import Cycle, DiskCycle, LastFailure, VmContext
from appliance.contract.storage import Export, Volume, VolumeOperation
from appliance.tui.screens.base import ConsoleScreen
from tests.tui import mapping_answers
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, common

GIB = 1024**3
REFUSED = Problem(
    key="transfer.target_lost",
    message="The volume of web01 could not be written any more.",
    guidance="Look whether the volume is attached in CloudStack; then copy again.",
)


def vm(number: int = 1, **changes: Any) -> VmContext:
    """A VM that is ready, copied 20 minutes ago."""
    found = VmContext(
        context_id=f"ctx-{number:04}", peer_id="peer-vma1", vm_name=f"web{number:02}", vm_path=f"/DC1/vm/Web/web{number:02}",
        vcenter_host="vcenter.example.net", current_status="ready_for_failover", current_job_id=None, last_successful_job_id="job-1",
        last_operation_summary={
            "job_id": "job-1", "kind": "replication", "title": f"Replication of web{number:02}", "status": "completed", "error": None,
            "at": (NOW - timedelta(minutes=18)).isoformat(),
        },
        consistent_at=(NOW - timedelta(minutes=20)).isoformat(), torn_since=None, diverged_since=None, ossea_config_id=1,
        progress_percent=None, current_operation="", rate_bps=0.0, eta_seconds=None, next_run=None, last_failure=None,
    )  # fmt: skip
    return found.model_copy(update=changes)


def copying(number: int = 1, percent: float = 45.0, **changes: Any) -> VmContext:
    """A VM that is being copied."""
    under_way = {
        "current_status": "replicating", "current_job_id": f"job-{100 + number}", "torn_since": NOW - timedelta(minutes=3),
        "progress_percent": percent, "current_operation": "Copying the disks", "rate_bps": 85.5e6, "eta_seconds": 754,
    }  # fmt: skip
    return vm(number, **(under_way | changes))


def failed(number: int = 1, **changes: Any) -> VmContext:
    """A VM whose copy was broken off."""
    failure = LastFailure(at=NOW - timedelta(minutes=7), job_id="job-9", title=f"Replication of web{number:02}", problem=REFUSED)
    summary = {
        "job_id": "job-9", "kind": "replication", "title": failure.title, "status": "failed", "error": REFUSED.model_dump(),
        "at": failure.at.isoformat(),
    }  # fmt: skip
    broken = {
        "current_status": "failed",
        "torn_since": NOW - timedelta(minutes=9),
        "last_failure": failure,
        "last_operation_summary": summary,
    }
    return vm(number, **(broken | changes))


def every_state() -> list[VmContext]:
    """One VM in each state."""
    return [
        vm(1, current_status="discovered", consistent_at=None, last_operation_summary=None),
        copying(2),
        vm(3),
        vm(4, current_status="failed_over_test"),
        vm(5, current_status="failed_over_live"),
        failed(6, current_status="cleanup_required", torn_since=None),
        vm(7, current_status="migrated"),
        failed(8),
        failed(9, consistent_at=None),
    ]


STEPS = (
    "Looking at the VM in vCenter", "Preparing the volumes", "Attaching the volumes", "Noting that the copy is being changed",
    "Copying the disks", "Ending the data sessions", "Recording the new consistent point", "Removing the snapshot in vCenter",
    "Letting the volumes go",
)  # fmt: skip


def steps(reached: int, last: str) -> list[Step]:
    """Steps of a replication: done up to `reached`, which is in state `last`."""
    began = NOW - timedelta(minutes=6)
    found = []
    for number, title in enumerate(STEPS):
        status = "completed" if number < reached else last if number == reached else "pending"
        start = began + timedelta(seconds=5 * number) if number <= reached else None
        end = start + timedelta(seconds=5) if start and status not in ("running", "pending") else None
        found.append(Step(name=f"step-{number}", title=title, status=status, started_at=start, completed_at=end))
    return found


def job(number: int = 1, status: str = "running", **changes: Any) -> Job:
    """A replication under way."""
    ended = status in ("completed", "failed", "cancelled")
    pace = Pace(
        done_bytes=18 * GIB, total_bytes=40 * GIB, skipped_bytes=5 * GIB, rate_bps=0.0 if ended else 85.5e6 + number * 1e6,
        eta_seconds=None if ended else 754,
    )  # fmt: skip
    found = Job(
        id=f"job-{100 + number}", kind="replication", title=f"Replication of web{number:02}", status=status,
        vm_context_id=f"ctx-{number:04}", vm_name=f"web{number:02}", progress_percent=100.0 if status == "completed" else 45.0,
        current_operation="" if ended else "Copying the disks", error=REFUSED if status == "failed" else None, pace=pace, revision=7,
        steps=steps(9 if status == "completed" else 4, {"failed": "failed", "cancelled": "undone"}.get(status, "running")),
        created_at=NOW - timedelta(minutes=6), started_at=NOW - timedelta(minutes=6),
        completed_at=NOW - timedelta(minutes=1) if ended else None,
    )  # fmt: skip
    return found.model_copy(update=changes)


def failed_job(number: int = 1) -> Job:
    """A replication whose fifth step failed."""
    found = job(number, "failed")
    found.steps[4] = found.steps[4].model_copy(update={"error": REFUSED})
    return found


LOG = [
    LogLine(at=NOW - timedelta(minutes=6), step="source-inspection", level="info", message="CloudStack configuration: the active one."),
    LogLine(at=NOW - timedelta(minutes=4), step="data-transfer", level="warning", message="The connection was lost; it goes on by itself."),
]


def cycle(**changes: Any) -> Cycle:
    """A cycle with two disks, the second of which is under way."""
    system = DiskCycle(
        disk_id="disk-2000", label="Hard disk 1", capacity_bytes=40 * GIB, sync_type="incremental", sync_status="copied",
        sync_progress_percent=100.0, total_bytes=2 * GIB, moved_bytes=GIB, zeroed_bytes=0, skipped_bytes=38 * GIB, rate_bps=0.0,
        eta_seconds=None, seconds=12.0, volume_id="6f1c3f1e-1111-4222-8333-444455556666", change_id="52/1",
    )  # fmt: skip
    data = system.model_copy(
        update={
            "disk_id": "disk-2001", "label": "Hard disk 2", "capacity_bytes": 200 * GIB, "sync_type": "full", "sync_status": "copying",
            "sync_progress_percent": 31.0, "rate_bps": 85.5e6, "moved_bytes": 60 * GIB, "skipped_bytes": 0,
        }
    )  # fmt: skip
    found = Cycle(
        job_id="job-101", replication_type="incremental", status="running", progress_percent=45.0, current_operation="Copying the disks",
        bytes_transferred=61 * GIB, bytes_skipped=38 * GIB, total_bytes=202 * GIB, transfer_speed_bps=85_500_000, eta_seconds=754,
        disks=[system, data], started_at=NOW - timedelta(minutes=6), completed_at=None,
    )  # fmt: skip
    return found.model_copy(update=changes)


def volume(number: int = 1, **changes: Any) -> Volume:
    """The volume of a VM's first disk, at the appliance."""
    found = Volume(
        volume_id=f"6f1c3f1e-{number:04}-4222-8333-444455556666", volume_name=f"web{number:02}-disk-2000", vm_context_id=f"ctx-{number:04}",
        disk_id="disk-2000", size_gb=40, volume_mode="oma", snapshot_id=None, snapshot_status=None,
    )  # fmt: skip
    return found.model_copy(update=changes)


def operation(number: int, **changes: Any) -> VolumeOperation:
    """A recorded operation on the first volume."""
    found = VolumeOperation(
        id=f"volop-{number}", type="attach", status="completed", volume_id=volume(1).volume_id, error=None,
        created_at=NOW - timedelta(minutes=number), completed_at=NOW - timedelta(minutes=number) + timedelta(seconds=4),
    )  # fmt: skip
    return found.model_copy(update=changes)


def export(number: int = 1) -> Export:
    """The export of a volume."""
    return Export(export_name=f"web{number:02}-disk-2000", volume_id=volume(number).volume_id, port=10809, status="exported")


CREDENTIAL = Credential(
    id=3, name="production", peer_id="peer-vma1", vcenter_host="vcenter.example.net", vcenter_port=443, username="migrate@example.net",
    datacenter="DC1", fingerprint="5f" * 32, ca="", is_default=True, last_used=None, usage_count=0, created_at=NOW, updated_at=NOW,
)  # fmt: skip


def line(number: int = 1, **changes: Any) -> FoundVm:
    """A VM as a discovery finds it."""
    found = FoundVm(
        moref=f"vm-{number}", name=f"web{number:02}", path=f"/DC1/vm/Web/web{number:02}", datacenter="/DC1", cpus=4, memory_mib=8192,
        guest_name="Debian GNU/Linux 12 (64-bit)", power_state="poweredOn", disk_count=2, storage_bytes=240 * GIB,
        capacity_bytes=320 * GIB, folder="/DC1/vm/Web", cluster="Cluster A", tracking=True, networks=["VM Network"],
    )  # fmt: skip
    return found.model_copy(update=changes)


def found(*lines: FoundVm) -> FoundVms:
    """What a discovery answers."""
    return FoundVms(vms=list(lines), total=len(lines), at=NOW)


def jobs_of(*all_jobs: Job) -> Callable[..., list[Job]]:
    """An answer for the list of jobs that keeps to `active`."""

    def listed(active: bool | None = None, **_: object) -> list[Job]:
        return [one for one in all_jobs if active is None or active == (one.completed_at is None)]

    return listed


def job_of(one: Job) -> Callable[..., Awaitable[Job]]:
    """An answer for one job that never changes: a question after changes is kept for long, as the agent does."""

    async def told(wait: float = 0.0, **_: object) -> Job:
        await asyncio.sleep(60 if wait else 0)
        return one

    return told


READY = Preflight.of([passed("source", "web01 was found in vCenter; it is switched on."), passed("copy", "The copy is complete.")])
"""A look before at which nothing was wrong."""


def answers(*vms: VmContext, **changes: object) -> dict[str, object]:
    """An OMA with these VMs."""
    by_id = {one.context_id: one for one in vms}
    known = {"contexts": list(vms), "context": lambda vm: by_id[vm], "cycles": [], "vm_mappings": mapping_answers.OF_VM, "job_log": []}
    looks = {"preflight_failover": READY, "preflight_protection": READY}
    return common("oma") | known | looks | changes


async def pressed(pilot: Pilot[Any], keys: Iterable[str]) -> None:
    """Press keys; each that may lead elsewhere once the screen before it has settled, typing and moving in one go."""
    for moves, group in groupby(keys, lambda key: len(key) == 1 or key in ("down", "tab")):
        for several in [list(group)] if moves else [[key] for key in group]:
            await pilot.press(*several)
            await settled(pilot)


def opened(section: str, *keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Open a section of the menu, then press keys; each once the screen before it has settled."""
    from appliance.tui.sections import SECTIONS

    return _shown(lambda: next(one for one in SECTIONS if one.key == section).open(), keys)


def vm_page(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Open the page of the first VM, then press keys."""
    from appliance.tui.screens.vm import VmScreen

    return _shown(lambda: VmScreen("ctx-0001", "web01"), keys)


def _shown(screen: Callable[[], ConsoleScreen], keys: Sequence[str]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def go(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        pilot.app.push_screen(screen())
        await pilot.pause()
        await settled(pilot)
        await pressed(pilot, keys)

    return go
