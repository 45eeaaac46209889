"""Whether a CloudStack configuration can be used: a list of checks."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.checks import Check, CheckState
from appliance.contract.clouds import Config, Validation
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.clouds import start_trial
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Tell
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

STATES = {CheckState.PASS: ("pass", "good"), CheckState.WARN: ("warn", "warning"), CheckState.FAIL: ("FAIL", "bad")}
"""A check's state as it reads, and its tone."""


class CloudChecksScreen(RecordsScreen[Check], ActingScreen):
    """Each check with what was found; below, what to do about the one under the cursor."""

    NAME = "cloud-checks"
    HEADING = "Checks"
    HELP = (
        "Looks whether this CloudStack configuration can be used: rights, version, limits, offerings, storage, and whether everything it "
        "refers to is there. It only asks; nothing is changed. 'pass' is good, 'warn' is something to know, with 'FAIL' copies or "
        "failovers will not work. Enter shows a check in full, F5 looks again. F4 tries a snapshot with a small disk, as a job."
    )
    EVERY: ClassVar[float] = 3600.0
    COLUMNS: ClassVar = (Column("State", 5), Column("Check", 24), Column("Found"))
    EMPTY = "Looking …"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "show", "Show"),
        Binding("f4,ctrl+t", "try", "Try a snapshot"),
        Binding("f5,ctrl+r", "reload", "Look again"),
    ]

    def __init__(self, config: Config) -> None:
        super().__init__()
        self._config = config
        self._looked = False

    def on_mount(self) -> None:
        """Of which configuration."""
        self.query_one(TitleBar).tell(heading=f"Checks of {self._config.name}")

    async def load(self) -> None:
        """Have it looked at, once."""
        if self._looked:
            return
        self.query_one(TitleBar).tell(heading=f"Checks of {self._config.name}: looking …")
        found: Validation | None = None
        try:
            found = await self.console_app.agent.clouds.validate_config(str(self._config.id))
            self.show_records(keyed(found.checks, lambda one: one.name))
            self._looked = True
        finally:
            self.query_one(TitleBar).tell(heading=f"Checks of {self._config.name}{counted(found)}")

    def action_reload(self) -> None:
        """Look again."""
        self._looked = False
        super().action_reload()

    def row(self, key: str, record: Check) -> Row:
        """One line a check."""
        state, tone = STATES[record.state]
        return Row(key, (state, record.name, record.sentence), tone)

    def facts(self, record: Check) -> list[Fact]:
        """What was found, in full, and what to do."""
        return [("Found", record.sentence, STATES[record.state][1]), ("What to do", record.guidance or "nothing")]

    def on_data_table_row_selected(self) -> None:
        """One check in full."""
        record = self.chosen
        if record is not None:
            self.app.push_screen(Tell(f"{record.name}: {STATES[record.state][0]}", f"{record.sentence}\n\n{record.guidance}".strip()))

    def action_try(self) -> None:
        """The snapshot trial."""
        self.once(self._try)

    async def _try(self) -> None:
        await start_trial(self, self._config)


def counted(found: Validation | None) -> str:
    """How many of each, for the heading (pure)."""
    if found is None:
        return ""
    states = [one.state for one in found.checks]
    return ": " + ", ".join(f"{states.count(state)} {word}" for state, (word, _) in STATES.items() if state in states)
