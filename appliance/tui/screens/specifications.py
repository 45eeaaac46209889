"""What a VM was like over time."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.management import Specification
from appliance.tui.discovery_lines import SEEN_COLUMNS, seen_facts, seen_row
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Row


class SpecificationsScreen(RecordsScreen[Specification]):
    """The history of a VM's specification."""

    NAME = "specifications"
    HEADING = "Specification"
    EVERY = 10.0
    HELP = (
        "What vCenter said of the VM at each of its copies, when it was added, and whenever it was looked at again: CPUs, memory, guest, "
        "disks and networks, newest first, with what had changed since the time before. F4 looks at it in vCenter now."
    )
    COLUMNS = SEEN_COLUMNS
    EMPTY = "Nothing is known of it yet: it is looked at with the first copy."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4,ctrl+t", "look", "Look now")]

    def __init__(self, context_id: str, name: str) -> None:
        super().__init__()
        self._context_id, self._called = context_id, name

    def on_mount(self) -> None:
        """Whose it is."""
        self.query_one(TitleBar).tell(heading=f"Specification of {self._called}")

    async def load(self) -> None:
        """The newest of it."""
        found = await self.console_app.agent.management.specifications(self._context_id)
        self.show_records(keyed(found, lambda one: f"{one.origin} {one.at.isoformat()}"))

    def row(self, key: str, record: Specification) -> Row:
        """One time."""
        return seen_row(record, key)

    def facts(self, record: Specification) -> list[Fact]:
        """All that was said then."""
        return seen_facts(record)

    def action_look(self) -> None:
        """Ask vCenter now."""
        from appliance.tui.screens.manage import rediscover

        self.once(lambda: rediscover(self, self._context_id, self._called))
