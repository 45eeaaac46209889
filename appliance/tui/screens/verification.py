"""The report of one verification."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.verifications import DiskVerification, Verification
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.verifications import verify
from appliance.tui.verification_lines import DISK_COLUMNS, disk_row, disk_text, verification_facts
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.facts import Facts
from appliance.tui.widgets.table import Listing


class VerificationScreen(ActingScreen):
    """What was compared of a VM, and what came of it."""

    NAME = "verification"
    HEADING = "Verification"
    HELP = (
        "The report of one verification: what was compared of each disk, what differed, and whether it was repaired. Enter shows a disk "
        "with every place that differed. F6 opens its job with steps and log. F7 verifies the same VM again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show disk"),
        Binding("f6,ctrl+e", "job", "Open job"),
        Binding("f7,ctrl+n", "again", "Verify again"),
    ]

    def __init__(self, verification_id: str) -> None:
        super().__init__()
        self._verification_id = verification_id
        self._found: Verification | None = None
        self._disks: dict[str, DiskVerification] = {}

    def body(self) -> ComposeResult:
        """Facts, then the disks."""
        yield Facts(id="facts", label_width=14)
        yield Listing(DISK_COLUMNS, empty="No disk is known yet.", id="disks")

    def on_mount(self) -> None:
        """The cursor is in the disks."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """The report."""
        report = await self.console_app.agent.verifications.verification(self._verification_id)
        self._found, self._disks = report, {one.disk_id: one for one in report.disks}
        self.query_one(TitleBar).tell(heading=f"Verification of {report.vm_name}")
        self.query_one("#facts", Facts).show(verification_facts(report, self.console_app.clock()))
        self.query_one(Listing).show([disk_row(one) for one in report.disks])

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """One disk in full."""
        disk = self._disks[event.row_key.value or ""]
        self.app.push_screen(Tell(disk.label or disk.disk_id, disk_text(disk)))

    def action_job(self) -> None:
        """Its job."""
        from appliance.tui.screens.job import JobScreen

        self.app.push_screen(JobScreen(self._verification_id))

    def action_again(self) -> None:
        """The same VM once more."""
        found = self._found
        if found is not None:
            self.once(lambda: verify(self, found.vm_context_id, found.vm_name))
