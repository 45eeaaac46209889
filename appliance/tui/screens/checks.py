"""A list of checks with what was found, and what to do about the one under the cursor: what looks before something is done are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.checks import Check, CheckState
from appliance.contract.errors import Fault
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

STATES = {CheckState.PASS: ("pass", "good"), CheckState.WARN: ("warn", "warning"), CheckState.FAIL: ("FAIL", "bad")}
"""A check's state as it reads, and its tone."""
_NAMES = {"cloudstack": "CloudStack"}


class ChecksScreen(RecordsScreen[Check], ActingScreen):
    """Subclasses say `about` what it is, and `look()`; that is done once, and again when it is asked for."""

    HEADING = "Checks"
    EVERY: ClassVar[float] = 3600.0
    COLUMNS: ClassVar = (Column("State", 5), Column("Check", 24), Column("Found"))
    EMPTY = "Nothing was looked at yet."
    SLOW_AFTER: ClassVar[float] = 30.0  # others are asked, each with a time limit of its own
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show"),
        Binding("f5,ctrl+r", "reload", "Look again"),
    ]

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about
        self.looked: Sequence[Check] | None = None
        """What was found; None until it was."""

    def on_mount(self) -> None:
        """Of what."""
        self.query_one(TitleBar).tell(heading=self._about)

    async def look(self) -> Sequence[Check]:
        """Ask the agent."""
        raise NotImplementedError

    async def load(self) -> None:
        """Have it looked at, once."""
        if self.looked is not None:
            return
        title = self.query_one(TitleBar)
        title.tell(heading=f"{self._about}: looking …")
        try:
            found = await self.look()
        except Fault:
            title.tell(heading=self._about)
            raise
        self.show_records(keyed(found, lambda one: one.name))
        self.looked = found
        title.tell(heading=f"{self._about}{counted(found)}")

    def action_reload(self) -> None:
        """Look again."""
        self.looked = None
        super().action_reload()

    def row(self, key: str, record: Check) -> Row:
        """One line a check."""
        state, tone = STATES[record.state]
        return Row(key, (state, called(record), record.sentence), tone)

    def facts(self, record: Check) -> list[Fact]:
        """What was found, in full, and what to do."""
        return [("Found", record.sentence, STATES[record.state][1]), ("What to do", record.guidance or "nothing")]

    def on_data_table_row_selected(self) -> None:
        """One check in full."""
        record = self.chosen
        if record is not None:
            text = f"{record.sentence}\n\n{record.guidance}".strip()
            self.app.push_screen(Tell(f"{called(record)}: {STATES[record.state][0]}", text))


def called(check: Check) -> str:
    """A check's name as people read it (pure)."""
    name = _NAMES.get(check.name, check.name.replace("-", " "))
    return name[:1].upper() + name[1:]


def counted(found: Sequence[Check]) -> str:
    """How many of each, for the heading (pure)."""
    states = [one.state for one in found]
    return ": " + ", ".join(f"{states.count(state)} {word}" for state, (word, _) in STATES.items() if state in states)
