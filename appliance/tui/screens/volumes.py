"""The volumes that hold the copies, their exports for local checks, and what was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.storage import Export, Volume, VolumeOperation
from appliance.tui import words
from appliance.tui.job_lines import took
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.table import Column, Listing, Row
from appliance.tui.widgets.views import Views

VOLUMES = (
    Column("Volume"), Column("VM", 14), Column("Disk", 10), Column("Size", 8), Column("Is at", 11), Column("Snapshot", 9),
    Column("Id", 37, 140),
)  # fmt: skip
EXPORTS = (Column("Export"), Column("Volume", 24), Column("Port", 6), Column("State", 12))
OPERATIONS = (
    Column("When", 20), Column("What", 18), Column("State", 11), Column("Volume"), Column("Took", 11, 110), Column("Error", 0, 110),
)  # fmt: skip
MODES = {"oma": "appliance", "failover": "new machine"}
SHOWN = 200
"""Operations in the list, the newest ones."""


def volume_row(volume: Volume, names: Mapping[str, str]) -> Row:
    """A volume in its list (pure). `names` are the VMs' by their context ids."""
    cells = (
        volume.volume_name,
        names.get(volume.vm_context_id, "gone"),
        volume.disk_id,
        f"{volume.size_gb} GiB",
        MODES.get(volume.volume_mode, volume.volume_mode),
        (volume.snapshot_status or "kept") if volume.snapshot_id or volume.snapshot_status else "none",
        volume.volume_id,
    )
    return Row(volume.volume_id, cells, "bad" if volume.snapshot_status == "lost" else "")


def export_row(export: Export, volumes: Mapping[str, Volume]) -> Row:
    """An export in its list (pure)."""
    volume = volumes.get(export.volume_id)
    return Row(
        export.export_name, (export.export_name, volume.volume_name if volume else export.volume_id, str(export.port), export.status)
    )


def operation_row(one: VolumeOperation, volumes: Mapping[str, Volume], now: datetime) -> Row:
    """A recorded operation in its list (pure)."""
    volume = volumes.get(one.volume_id or "")
    cells = (
        words.moment(one.created_at),
        one.type.replace("_", " ").replace("-", " "),
        words.OUTCOMES.get(one.status, one.status),
        volume.volume_name if volume else one.volume_id or "",
        took(one.created_at, one.completed_at, now),
        one.error or "",
    )
    return Row(one.id, cells, "bad" if one.status == "failed" else "")


class VolumesScreen(ConsoleScreen):
    """Three lists: volumes, exports, operations."""

    NAME = "volumes"
    HEADING = "Volumes and exports"
    EVERY = 5.0
    HELP = (
        "Each disk of a protected VM has a volume in CloudStack that holds its copy. It is at the appliance while it is copied to, and "
        "at the new machine after a failover; the snapshot is what a failover is taken back to. Exports serve volumes on this appliance"
        " for local checks, read-only. Operations are what was asked of CloudStack, newest first; Enter shows one in full. F6 goes to "
        "the next list."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show"),
        Binding("f6,ctrl+e", "next_view", "Next list"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._known: tuple[dict[str, VolumeOperation], dict[str, Volume]] = ({}, {})

    def body(self) -> ComposeResult:
        """One list at a time."""
        volumes = Listing(VOLUMES, empty="There is no volume yet; the first copy of a VM makes them.", id="volumes")
        exports = Listing(EXPORTS, empty="Nothing is exported.", id="exports")
        operations = Listing(OPERATIONS, empty="Nothing was done yet.", id="operations")
        yield Views([("Volumes", volumes), ("Exports", exports), ("Operations", operations)])

    def on_mount(self) -> None:
        """The cursor is in the first list."""
        self.query_one(Views).focus_current()

    async def load(self) -> None:
        """All three, and the names of the VMs."""
        agent = self.console_app.agent
        volumes = {one.volume_id: one for one in await agent.storage.volumes()}
        names = {vm.context_id: vm.vm_name for vm in await agent.replications.contexts()}
        exports, operations = await agent.storage.exports(), (await agent.storage.volume_operations())[:SHOWN]
        now = self.console_app.clock()
        self.query_one("#volumes", Listing).show([volume_row(one, names) for one in volumes.values()])
        self.query_one("#exports", Listing).show([export_row(one, volumes) for one in exports])
        self.query_one("#operations", Listing).show([operation_row(one, volumes, now) for one in operations])
        self._known = {one.id: one for one in operations}, volumes

    @on(DataTable.RowSelected, "#operations")
    def _tell(self, event: DataTable.RowSelected) -> None:
        operations, volumes = self._known
        one = operations[event.row_key.value or ""]
        shown = operation_row(one, volumes, self.console_app.clock()).cells
        ended = f"{words.moment(one.completed_at)} UTC" if one.completed_at else "not yet"
        text = f"State: {shown[2]}\nVolume: {shown[3]}\nBegan: {shown[0]} UTC\nEnded: {ended}" + (f"\n\n{one.error}" if one.error else "")
        self.app.push_screen(Tell(shown[1].capitalize(), text))

    def action_next_view(self) -> None:
        """Volumes, exports, operations."""
        self.query_one(Views).next()
