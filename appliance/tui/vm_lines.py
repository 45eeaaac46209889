"""How VMs read in the list and on their pages; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.contract.replications import Cycle, DiskCycle, VmContext
from appliance.tui import words
from appliance.tui.job_lines import BAR, left, remaining, told, track
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

VM_COLUMNS = (
    Column("VM"), Column("State", 17), Column("Last sync", 10), Column("Next run", 8), Column("Progress", BAR), Column("Doing now", 0, 110),
    Column("Rate", 11, 100), Column("Left", 12, 110), Column("vCenter", 20, 130), Column("Last failure", 12, 150),
)  # fmt: skip
DISK_COLUMNS = (
    Column("Disk"), Column("Size", 10), Column("Kind of copy", 12), Column("Moved", 10), Column("Skipped", 10), Column("Progress", BAR),
    Column("Rate", 11, 120), Column("Volume", 37, 140),
)  # fmt: skip

TONES = {"failed": "bad", "cleanup_required": "bad", "failed_over_test": "warning", "failed_over_live": "warning"}
NOTHING = "–"


def moment_of(text: str | None) -> datetime | None:
    """A time as the agent stores it in records; None where there is none."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def state(vm: VmContext) -> str:
    """The state in two words, and what is wrong with the copy."""
    hint = ""
    if vm.current_status not in ("discovered", "replicating", "migrated"):
        hint = ", full copy" if vm.consistent_at is None else ", torn" if vm.torn_since else ""
    return words.STATES.get(vm.current_status, vm.current_status) + hint


def next_run(at: datetime | None, now: datetime) -> str:
    """When the next copy starts: the time within a day, else the date; a dash while nothing is scheduled."""
    if at is None:
        return NOTHING
    return f"{at:%H:%M}" if at - now < timedelta(hours=24) else f"{at.day} {at:%b}"


def vm_row(vm: VmContext, now: datetime) -> Row:
    """A VM in the list."""
    percent, busy = vm.progress_percent, vm.current_job_id is not None
    cells = (
        vm.vm_name,
        state(vm),
        words.ago(moment_of(vm.consistent_at), now),
        next_run(vm.next_run, now),
        track(percent / 100, BAR) if busy and percent is not None else "",
        vm.current_operation,
        words.rate(vm.rate_bps),
        remaining(vm.eta_seconds),
        vm.vcenter_host,
        words.ago(vm.last_failure.at, now) if vm.last_failure else "",
    )
    return Row(vm.context_id, cells, TONES.get(vm.current_status, "warning" if vm.last_failure else ""))


def matches(vm: VmContext, wanted: str) -> bool:
    """Whether every word that was typed is in the VM's name, state or vCenter."""
    text = f"{vm.vm_name} {state(vm)} {vm.vcenter_host}".casefold()
    return all(word in text for word in wanted.casefold().split())


def now_doing(vm: VmContext | None, now: datetime) -> str:
    """Two lines about the VM under the cursor: what is going on, and what failed last."""
    if vm is None:
        return ""
    parts = [vm.vm_name, vm.current_operation or "nothing is under way", words.rate(vm.rate_bps), left(vm.eta_seconds)]
    doing = words.cut(": ".join(parts[:2]) + "".join(f", {part}" for part in parts[2:] if part), 150)
    failed = vm.last_failure
    return doing + (f"\nFailed {words.ago(failed.at, now)}: {told(failed.problem)}" if failed else "")


def vm_facts(vm: VmContext, now: datetime, *, short: bool) -> list[Fact]:
    """The lines of a VM's page; `short` where the terminal is low."""
    point = moment_of(vm.consistent_at)
    facts: list[Fact] = [
        ("State", meaning(vm), TONES.get(vm.current_status, "")),
        ("Source", f"{vm.vm_path} at {vm.vcenter_host}"),
        ("Consistent point", f"{words.moment(point)} UTC, {words.ago(point, now)}" if point else "none yet: the next copy is a full one"),
    ]
    if not short:
        facts.append(("Next run", f"{words.moment(vm.next_run)} UTC" if vm.next_run else "nothing is scheduled"))
    facts.append(("Under way", _under_way(vm)))
    if vm.last_failure:
        failed = vm.last_failure
        facts.append(("Last failure", f"{words.moment(failed.at)} UTC, {failed.title}", "bad"))
        facts += [("What it means", failed.problem.message, "bad"), ("What to do", failed.problem.guidance)]
    elif not short or vm.current_job_id is None:
        facts.append(("Last operation", last_operation(vm, now)))
    return facts


_MEANINGS = {
    "discovered": "known, but not copied yet",
    "replicating": "a copy is under way",
    "ready_for_failover": "there is a complete copy",
    "failed_over_test": "a test machine runs; no copies are made meanwhile",
    "failed_over_live": "the new machine runs; roll back or finalise",
    "cleanup_required": "a failover stopped half-way; clean up the failed run",
    "migrated": "moved for good",
    "failed": "the last copy did not finish; copy again",
}


def meaning(vm: VmContext) -> str:
    """The state and what it means for the operator."""
    text = f"{words.STATES.get(vm.current_status, vm.current_status)}: {_MEANINGS.get(vm.current_status, '')}".rstrip(": ")
    if vm.doubt and vm.torn_since and vm.current_status == "failed":
        return f"{words.STATES['failed']}: the records came back from a back-up; copy again, which compares the whole copy"
    if vm.torn_since and vm.current_status != "replicating":
        text += f". The copy is torn since {words.moment(vm.torn_since)} UTC and can't be started"
    return text


def _under_way(vm: VmContext) -> str:
    if vm.current_job_id is None:
        return "nothing"
    parts = [vm.current_operation or "a job is running", words.rate(vm.rate_bps), left(vm.eta_seconds)]
    return ", ".join(part for part in parts if part)


def last_operation(vm: VmContext, now: datetime) -> str:
    """How the last operation ended, in a sentence."""
    summary = vm.last_operation_summary
    if not summary:
        return "none yet"
    outcome = words.OUTCOMES.get(str(summary.get("status", "")), str(summary.get("status", "")))
    at = moment_of(str(summary.get("at") or ""))
    text = f"{summary.get('title', '')}: {outcome}" + (f", {words.ago(at, now)}" if at else "")
    error, following = summary.get("error"), str(summary.get("next_step") or "")
    said = " ".join(one for one in (error.get("message", "") if isinstance(error, dict) else "", following) if one)
    return f"{text}. {said}" if said else text


_SYNC = {"full": "full", "initial": "full", "incremental": "changes only"}


def disk_row(disk: DiskCycle, cycle: Cycle) -> Row:
    """A disk as its last cycle left it."""
    cells = (
        disk.label or disk.disk_id,
        words.size(disk.capacity_bytes),
        _SYNC.get(disk.sync_type, disk.sync_type.replace("_", " ")),
        words.size(disk.moved_bytes),
        words.size(disk.skipped_bytes),
        track(disk.sync_progress_percent / 100, BAR),
        words.rate(disk.rate_bps) if cycle.completed_at is None else "",
        disk.volume_id or "",
    )
    return Row(disk.disk_id, cells, "bad" if disk.sync_status == "failed" else "")
