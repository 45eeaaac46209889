"""The tables at the end of a run."""

from __future__ import annotations

from rich import box
from rich.table import Table

from appliance.demo.report import Boot, ChangedDisk, FullDisk, Left, Report
from appliance.demo.show import clock

MIB = 1 << 20
RIGHT = ("size", "content", "moved", "secs", "MiB/s")


def copies(report: Report) -> Table:
    """What was copied; sizes in MiB. `content`: what a program of somebody else counted for it."""
    table = Table(title="Copies (MiB)", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("cycle", "disk", "size", "content", "moved", "secs", "MiB/s", "identical"):
        table.add_column(column, justify="right" if column in RIGHT else "left")
    for disk in report.full.disks if report.full else []:
        table.add_row("full", *_cells(disk, disk.nonzero_bytes))
    for changed in report.increment.disks if report.increment else []:
        table.add_row("increment", *_cells(changed, changed.changed_bytes))
    return table


def outcomes(report: Report) -> Table:
    """The rest of the report."""
    table = Table(title="Outcome", title_justify="left", show_header=False, box=box.SIMPLE)
    table.add_row("test failover", _boot(report.test_failover))
    table.add_row("cleanup", _left(report.cleanup))
    table.add_row("next sync", (report.cleanup.next_sync if report.cleanup else "") or "-")
    table.add_row("live failover", _boot(report.live_failover))
    table.add_row("finalised", _left(report.finalise))
    ports = report.ports
    table.add_row("packets on the link", f"{ports.tcp_443:,} on 443, {ports.other:,} on anything else" if ports else "-")
    table.add_row("whole run", clock(report.seconds))
    return table


def _cells(disk: FullDisk | ChangedDisk, content: int) -> list[str]:
    rate = f"{disk.moved_bytes / MIB / disk.seconds:.0f}" if disk.seconds else "-"
    sizes = [f"{disk.capacity_bytes / MIB:,.0f}", f"{content / MIB:,.1f}", f"{disk.moved_bytes / MIB:,.1f}"]
    return [disk.disk_id, *sizes, f"{disk.seconds:.1f}", rate, "[green]yes[/green]" if disk.identical else "[red]NO[/red]"]


def _boot(boot: Boot | None) -> str:
    if boot is None:
        return "-"
    return f"booted, shows “{boot.marker}”" if boot.booted else "[red]did not boot[/red]"


def _left(left: Left | None) -> str:
    return f"snapshots left: {left.snapshots_left_vcenter} in vCenter, {left.snapshots_left_cloudstack} in CloudStack" if left else "-"
