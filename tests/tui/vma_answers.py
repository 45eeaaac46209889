"""Answers of a VMA that is at work, for the screens about its work and about what both roles share."""

from __future__ import annotations

from datetime import timedelta

from appliance.contract.access import RemoteConsole
from appliance.contract.gate import AuditEvent, Gate, GateState
from appliance.contract.jobs import Job, Problem
from appliance.contract.source import DiskTransfer, HeldSnapshot, Transfer, VCenterUse
from appliance.contract.system import Bundle, Level, LogEntry, LogPage
from appliance.contract.tunnel import TunnelChange, TunnelState
from appliance.contract.vendor import Challenge
from tests.tui.stand_in import NOW

GIB = 1024**3
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8KJ0FJkG8xv0lqyR7e1pQZr7oTn8n4o5f0E0q1mZ5G alice@example.net"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== bob"
CHALLENGE = Challenge("vma-0123456789abcdef", bytes(range(11))).text()


def vcenters() -> list[VCenterUse]:
    """One that works, one that refuses."""
    good = VCenterUse(
        host="vcenter.example.net", port=443, username="migration@vsphere.local", fingerprint="a1" * 32, sessions=2,
        last_used=NOW - timedelta(minutes=3), last_error="",
    )  # fmt: skip
    refused = {"host": "old.example.net", "sessions": 0, "last_error": "The user or the password was not accepted."}
    return [good, good.model_copy(update=refused | {"last_used": NOW - timedelta(days=2)})]


def disk(disk_id: str, done: int, rate: float) -> DiskTransfer:
    """A disk of 40 GiB."""
    return DiskTransfer(
        disk_id=disk_id, sync_type="full", total_bytes=40 * GIB, done_bytes=done * GIB, moved_bytes=done * GIB * 3 // 4,
        skipped_bytes=done * GIB // 4, rate_bps=rate, eta_seconds=int((40 - done) * GIB / rate) if rate else None,
    )  # fmt: skip


def transfers(count: int = 1) -> list[Transfer]:
    """So many VMs, each with two disks; another that is being prepared."""
    begun = NOW - timedelta(minutes=12)
    moving = [
        Transfer(
            job_id=f"job-{n}", vm_name=f"web{n:02}", phase="running", operation="Copying disk 2000", started_at=begun,
            disks=[disk("2000", 10 + n, 120e6), disk("2001", 38, 8e6)],
        )
        for n in range(1, count + 1)
    ]  # fmt: skip
    prepared = Transfer(job_id="job-0", vm_name="db01", phase="needs_access", operation="Waiting for a login", started_at=None, disks=[])
    return [*moving, prepared]


def snapshots() -> list[HeldSnapshot]:
    """One that is held, one that is left over."""
    held = HeldSnapshot(job_id="job-1", vm_name="web01", snapshot="snapshot-101", taken_at=NOW - timedelta(minutes=12), held=True)
    return [held, HeldSnapshot(job_id="job-7", vm_name="db01", snapshot="snapshot-7", taken_at=NOW - timedelta(days=2), held=False)]


def tunnels(*, up: bool = True) -> list[TunnelState]:
    """To the OMA."""
    return [
        TunnelState(
            peer_id="p1", peer_name="oma1", up=up, since=NOW - timedelta(hours=5), address="192.0.2.10:443",
            round_trip_ms=12.3 if up else None, answered_seconds_ago=4.0 if up else 312.0,
            last_error="" if up else "The other appliance does not answer on port 443.",
        )
    ]  # fmt: skip


def history() -> list[TunnelChange]:
    """Ups and downs with two peers."""

    def change(minutes: int, kind: str, detail: str = "", peer: str = "1") -> TunnelChange:
        at = NOW - timedelta(minutes=minutes)
        return TunnelChange(at=at, peer_id=f"p{peer}", peer_name=f"oma{peer}", kind=kind, address="192.0.2.10:443", detail=detail)

    return [
        change(300, "up"), change(312, "down", "no answer for 15 seconds"), change(4000, "up"), change(5000, "held", "", "2"),
        change(6000, "up", "", "2"),
    ]  # fmt: skip


def entry(number: int, level: Level = Level.INFO, message: str = "web01: 120 MiB/s, 12 of 40 GiB") -> LogEntry:
    """One line of the log, a second after the one before it."""
    return LogEntry(number=number, at=NOW - timedelta(hours=1) + timedelta(seconds=number), level=level, source="copy", message=message)


def log(count: int) -> LogPage:
    """So many lines, among them a warning and an error that is long."""
    lines = [entry(n) for n in range(1, count + 1)]
    lines[-4] = entry(count - 3, Level.WARNING, "oma1: no answer for 5 seconds")
    lines[-2] = entry(
        count - 1, Level.ERROR, "db01: the snapshot could not be removed because the VM is locked by a backup; it is tried again later"
    )
    return LogPage(entries=lines, last=count)


def bundles() -> list[Bundle]:
    """Two, one of them old."""
    first = Bundle(
        name="support-vma1-20261120T030000.tar.gz", size_bytes=7_400_000, created_at=NOW - timedelta(minutes=4), sha256="c3" * 32,
    )  # fmt: skip
    name = "support-vma1-20261101T110000.tar.gz"
    older = {"name": name, "created_at": NOW - timedelta(days=19), "path": f"/var/lib/migration-appliance/support/{name}"}
    return [first, first.model_copy(update=older)]


def job(status: str = "running", percent: float = 40.0, **changes: object) -> Job:
    """The job that makes a support bundle."""
    failed = Problem(
        key="support.no_space", message="There is no room for a bundle.", guidance="Remove what is not needed, then try again."
    )
    made = Job(
        id="job-9", kind="support-bundle", title="Support bundle", status=status, vm_context_id=None, vm_name="", progress_percent=percent,
        current_operation="Packing logs", error=failed if status == "failed" else None, pace=None, revision=1, steps=[], created_at=NOW,
        started_at=NOW, completed_at=None,
    )  # fmt: skip
    return made.model_copy(update=changes)


def remote(**changes: object) -> RemoteConsole:
    """Off, with one key."""
    prints = ["SHA256:mB2Zx1y0f7q3hJ6tKcN4aVwR8sDgL5pUeXoQiCzTyWk (ED25519)"]
    off = RemoteConsole(
        enabled=False, running=False, port=22, host_keys=prints, authorised_keys=[KEY], password_login=False, sessions=0, problem="",
    )  # fmt: skip
    return off.model_copy(update=changes)


def gate(state: GateState, **changes: object) -> Gate:
    """The gate in a state, with what belongs to it."""
    shown = state is GateState.CHALLENGE
    made = Gate(
        state=state, challenge=CHALLENGE if shown else "", challenge_seconds=581.0 if shown else 0.0,
        tries_left=0 if state is GateState.WAITING else 5, wait_seconds=59.0 if state is GateState.WAITING else 0.0,
        open_seconds={GateState.OPEN: 42.0, GateState.RUNNING: 7000.0}.get(state, 0.0), password_required=False,
    )  # fmt: skip
    return made.model_copy(update=changes)


def audit() -> list[AuditEvent]:
    """Done, refused, failed."""

    def event(minutes: int, actor: str, action: str, result: str, detail: str = "") -> AuditEvent:
        return AuditEvent(at=NOW - timedelta(minutes=minutes), actor=actor, action=action, result=result, detail=detail)

    return [
        event(1, "console", "shell-gate.open", "refused", "gate.answer_wrong"),
        event(2, "console", "shell-gate.challenge", "done"),
        event(30, "operator", "power.restart_agent", "failed", "the service manager did not answer"),
        event(60, "console", "console.unlock", "done"),
    ]
