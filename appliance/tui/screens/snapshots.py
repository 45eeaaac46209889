"""Snapshots in vCenter that jobs of a VMA hold."""

from __future__ import annotations

from typing import ClassVar

from appliance.contract.source import HeldSnapshot
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row


class SnapshotsScreen(RecordsScreen[HeldSnapshot]):
    """Which snapshots there are, how old, and whether a job needs them."""

    NAME = "snapshots"
    HEADING = "Snapshots"
    HELP = (
        "Snapshots that this appliance has taken in vCenter. One that is held is being copied from, and goes when its copy ends. "
        "One that is left over could not be removed yet; the appliance goes on trying by itself. "
        "If one stays left over for hours, look in vCenter whether the VM is locked by a backup, and consolidate the VM there."
    )
    COLUMNS: ClassVar = (
        Column("VM"),
        Column("Snapshot", needs=100),
        Column("Taken", 12),
        Column("State", 10),
        Column("Job", 36),
    )
    EMPTY = "No snapshot is held in vCenter."

    async def load(self) -> None:
        """All of them."""
        found = await self.console_app.agent.source.held_snapshots()
        self.show_records(keyed(found, lambda one: f"{one.job_id}/{one.snapshot}"))

    def row(self, key: str, record: HeldSnapshot) -> Row:
        """One line a snapshot; those left over stand out."""
        state = "held" if record.held else "left over"
        taken = words.ago(record.taken_at, self.console_app.clock()) if record.taken_at else "not known"
        cells = (record.vm_name, record.snapshot, taken, state, record.job_id)
        return Row(key, cells, "" if record.held else "warning")

    def facts(self, record: HeldSnapshot) -> list[Fact]:
        """The rest of it."""
        meaning = "held: a copy reads from it" if record.held else "left over: its removal is tried again by itself"
        return [
            ("VM", record.vm_name),
            ("Snapshot", record.snapshot),
            ("Taken", f"{words.moment(record.taken_at)} UTC" if record.taken_at else "not known"),
            ("Job", record.job_id),
            ("State", meaning, "" if record.held else "warning"),
        ]
