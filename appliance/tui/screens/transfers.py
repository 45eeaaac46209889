"""Copies under way at a VMA, disk by disk."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from appliance.contract.source import DiskTransfer, Transfer
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.progress import ProgressLine, RateChart
from appliance.tui.widgets.table import Column, Row

KEPT = 300
"""Samples of a disk's rate."""

PHASES = {
    "running": ("copying", ""),
    "needs_access": ("needs a login", "warning"),
    "copied": ("copied", "good"),
    "finished": ("finished", "good"),
    "failed": ("failed", "bad"),
    "cancelled": ("cancelled", "warning"),
}
"""A transfer's phase in words, and its tone."""


@dataclass(frozen=True)
class Line:
    """One disk of a transfer; None where its disks are not known yet."""

    transfer: Transfer
    disk: DiskTransfer | None

    @property
    def fraction(self) -> float:
        """How much of the disk was looked at, from 0 to 1."""
        return self.disk.done_bytes / self.disk.total_bytes if self.disk and self.disk.total_bytes else 0.0


class TransfersScreen(RecordsScreen[Line]):
    """Every disk with its progress; the one under the cursor with its rate over time."""

    NAME = "transfers"
    HEADING = "Transfers"
    HELP = (
        "Copies under way, one line for each disk. Moved is what crossed to the other appliance; "
        "skipped is what was empty or already there. "
        "The chart shows the rate of the disk under the cursor since this screen was opened. Copies are started and cancelled at the OMA."
    )
    EVERY = 1.0
    COLUMNS: ClassVar = (
        Column("VM"),
        Column("Disk", 10),
        Column("State", 13, needs=120),
        Column("Progress", 20),
        Column("Moved", 10, needs=120),
        Column("Skipped", 10, needs=120),
        Column("Rate", 12),
        Column("Left", 11),
    )
    EMPTY = "Nothing is being copied."

    def __init__(self) -> None:
        super().__init__()
        self._rates: dict[str, deque[float]] = {}

    def body(self) -> ComposeResult:
        """The list, then the disk under the cursor."""
        yield from super().body()
        yield ProgressLine(id="progress")
        yield RateChart(id="rates")

    async def load(self) -> None:
        """All disks of all transfers; each gets a sample of its rate."""
        found = keyed(lines(await self.console_app.agent.source.transfers()), _key)
        self._rates = {key: self._rates.get(key, deque(maxlen=KEPT)) for key in found}
        for key, line in found.items():
            self._rates[key].append(line.disk.rate_bps if line.disk else 0.0)
        self.show_records(found)

    def row(self, key: str, record: Line) -> Row:
        """One line a disk."""
        state, tone = PHASES.get(record.transfer.phase, (record.transfer.phase, ""))
        disk = record.disk
        if disk is None:
            return Row(key, (record.transfer.vm_name, "", state, "being prepared", "", "", "", ""), tone)
        sizes = (words.size(disk.moved_bytes), words.size(disk.skipped_bytes))
        cells = (record.transfer.vm_name, disk.disk_id, state, text_bar(record.fraction), *sizes, words.rate(disk.rate_bps), _left(disk))
        return Row(key, cells, tone)

    def facts(self, record: Line) -> list[Fact]:
        """What is done to the disk now."""
        state, tone = PHASES.get(record.transfer.phase, (record.transfer.phase, ""))
        started = record.transfer.started_at
        begun = f", since {words.moment(started)} UTC" if started else ""
        shown: list[Fact] = [
            ("VM", f"{record.transfer.vm_name}: {record.transfer.operation or state}", tone),
            ("State", f"{state}{begun}", tone),
        ]
        if (disk := record.disk) is not None:
            moved = f"{words.size(disk.moved_bytes)} moved, {words.size(disk.skipped_bytes)} skipped"
            shown.append(("Disk", f"{disk.disk_id}, {disk.sync_type} copy"))
            shown.append(("Done", f"{words.size(disk.done_bytes)} of {words.size(disk.total_bytes)}: {moved}"))
            shown.append(("Rate", f"{words.rate(disk.rate_bps) or 'nothing moves'}; left: {_left(disk) or 'not known'}"))
        return shown

    def show_chosen(self) -> None:
        """Facts, bar and chart of the disk under the cursor."""
        super().show_chosen()
        line = self.chosen
        progress, chart = self.query_one(ProgressLine), self.query_one(RateChart)
        progress.display = chart.display = line is not None and line.disk is not None
        if line is not None:
            progress.show(line.fraction)
            chart.show(list(self._rates.get(_key(line), ())))


def lines(transfers: list[Transfer]) -> list[Line]:
    """A line for each disk, and for each transfer that has none yet (pure)."""
    return [line for one in transfers for line in ([Line(one, disk) for disk in one.disks] or [Line(one, None)])]


def text_bar(fraction: float, width: int = 12) -> str:
    """A bar that is read without colours: `[=====.......]  42 %` (pure)."""
    share = min(1.0, max(0.0, fraction))
    done = round(share * width)
    return f"[{'=' * done}{'.' * (width - done)}] {share * 100:3.0f} %"


def _key(line: Line) -> str:
    return f"{line.transfer.job_id}/{line.disk.disk_id if line.disk else ''}"


def _left(disk: DiskTransfer) -> str:
    return words.span(disk.eta_seconds) if disk.eta_seconds is not None else ""
