"""What becomes of VMs that are being added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from appliance.contract.discovery import Addition, Outcome
from appliance.tui.discovery_lines import ADDED_COLUMNS, added_row, added_summary
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.table import Listing


class AdditionsScreen(ConsoleScreen):
    """The VMs of one or more jobs that add them. `names` are shown in the place of vCenter's ids."""

    NAME = "additions"
    HEADING = "Adding VMs"
    HELP = (
        "One line for each VM that is to be added: added, under management already, or refused, with the reason; Enter shows it in "
        "full. One that is refused does not keep the others from being added. F4 opens the job."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "show", "Show"), Binding("f4,ctrl+t", "job", "Job")]

    def __init__(self, job_ids: Sequence[str], names: Mapping[str, str]) -> None:
        super().__init__()
        self._job_ids, self._names = list(job_ids), dict(names)
        self._found: dict[str, Addition] = {}

    def body(self) -> ComposeResult:
        """How many, and the list."""
        yield Static("", id="summary", markup=False)
        yield Listing(ADDED_COLUMNS, empty="The job has not begun.", id="added")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """What became of each, of all jobs; those that wait are asked for again."""
        if self._found and all(one.outcome is not Outcome.WAITING for one in self._found.values()):
            return
        found = [one for job_id in self._job_ids for one in await self.console_app.agent.discovery.additions(job_id)]
        self._found = {one.vm: one for one in found}
        self.query_one(Listing).show([added_row(one, self._names.get(key, key)) for key, one in self._found.items()])
        self.query_one("#summary", Static).update(added_summary(self._found.values()))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """The reason in full."""
        one = self._found.get(event.row_key.value or "")
        if one is not None and one.problem is not None:
            self.app.push_screen(Tell(self._names.get(one.vm, one.vm), f"{one.problem.message}\n\n{one.problem.guidance}"))

    def action_job(self) -> None:
        """The job, with its log."""
        from appliance.tui.screens.job import JobScreen

        self.app.push_screen(JobScreen(self._job_ids[-1]))
