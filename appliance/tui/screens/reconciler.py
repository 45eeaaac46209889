"""What there is in CloudStack, in vCenter and on the appliance against what the records say."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.reconciliation import Heal, ReconcilerFinding, Unseen
from appliance.tui.reconciler_lines import COLUMNS, facts, heading, line, records
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Row

MOST = 200
"""Findings that are healed by one job."""
AGAIN = "Each is looked at once more before; what is not there any more, or belongs to somebody else, is not touched."


class ReconcilerScreen(RecordsScreen[ReconcilerFinding | Unseen], ActingScreen):
    """The findings of the last look."""

    NAME = "reconciler"
    HEADING = "Reconciler"
    HELP = (
        "What there is in CloudStack, in vCenter and on this appliance is compared with the records: after each start, and with F6. "
        "Left over is what a job made and nobody needs any more; missing is what is on record and gone; wrong state is what is not as "
        "recorded; foreign carries the mark of a migration appliance, but of another one, and is never touched. Enter heals the one under "
        "the cursor, F8 everything that is safe; before that you read what will happen. What can only be done by hand says how. "
        "A place that can't be reached is named, and nothing is healed there."
    )
    EVERY = 3.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,f4,ctrl+t", "heal", "Heal this"),
        Binding("f6,ctrl+e", "compare", "Compare now"),
        Binding("f8,ctrl+s", "heal_all", "Heal all that is safe"),
    ]
    COLUMNS = COLUMNS
    EMPTY = "Nothing is known to differ. F6 compares now."

    async def load(self) -> None:
        """What the last look found."""
        seen = await self.console_app.agent.reconciliation.reconciliation()
        self.query_one(TitleBar).tell(heading=heading(self.HEADING, seen, self.console_app.clock()))
        self.show_records(records(seen))

    def row(self, key: str, record: ReconcilerFinding | Unseen) -> Row:
        """One line for each."""
        return line(key, record)

    def facts(self, record: ReconcilerFinding | Unseen) -> list[Fact]:
        """What it is and what healing would do."""
        return facts(record)

    def on_data_table_row_selected(self) -> None:
        """Enter on one."""
        self.action_heal()

    def action_heal(self) -> None:
        """Heal the one under the cursor."""
        self.once(self._heal_one)

    def action_heal_all(self) -> None:
        """Heal everything that is safe."""
        self.once(self._heal_all)

    def action_compare(self) -> None:
        """Look once more."""
        self.once(self._compare)

    async def _compare(self) -> None:
        await self.asking(self.console_app.agent.reconciliation.look(), "The records are being compared with what there is.")

    async def _heal_one(self) -> None:
        one = self.chosen
        if isinstance(one, ReconcilerFinding) and one.safe:
            if await self.confirmed("Heal this difference?", f"{one.sentence} {one.healing}"):
                await self._heal([one])
        elif one is not None:
            self.say("This can't be healed from here; what to do is written below.", "warning")

    async def _heal_all(self) -> None:
        safe = [one for one in self.records.values() if isinstance(one, ReconcilerFinding) and one.safe][:MOST]
        if not safe:
            self.say("There is nothing that can be healed by itself.", "warning")
            return
        count = f"{len(safe)} differences" if len(safe) > 1 else "1 difference"
        what = "\n".join(dict.fromkeys(f"- {one.vm_name}: {one.healing}" if one.vm_name else f"- {one.healing}" for one in safe))
        if await self.confirmed(f"Heal {count}?", f"{what}\n{AGAIN}"):
            await self._heal(safe)

    async def _heal(self, chosen: list[ReconcilerFinding]) -> None:
        body = Heal(findings=[one.id for one in chosen])
        await self.asking(self.console_app.agent.reconciliation.heal(body), "It is being healed; the job's log says what became of each.")
