"""Who did, tried or was refused what."""

from __future__ import annotations

from typing import ClassVar

from appliance.contract.gate import AuditEvent
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

NEWEST = 500
"""Events that are shown."""

TONES = {"refused": "warning", "failed": "bad"}


class AuditScreen(RecordsScreen[AuditEvent]):
    """The newest events, newest first."""

    NAME = "audit"
    HEADING = "Audit"
    HELP = (
        f"The newest {NEWEST} entries of the audit log, newest first: logins, changes, the vendor's shell, power. "
        "Entries can't be changed or removed here. A support bundle contains them too."
    )
    EVERY = 5.0
    COLUMNS: ClassVar = (
        Column("Time (UTC)", 19),
        Column("Who", 12),
        Column("What", 24),
        Column("Result", 8),
        Column("Detail"),
    )
    EMPTY = "Nothing was recorded yet."

    async def load(self) -> None:
        """The newest."""
        found = await self.console_app.agent.gate.audit(limit=NEWEST)
        self.show_records(keyed(found, lambda one: f"{one.at.isoformat()} {one.actor} {one.action} {one.result}"))

    def row(self, key: str, record: AuditEvent) -> Row:
        """One line an event; what was refused or failed stands out."""
        cells = (words.moment(record.at), record.actor, in_words(record.action), record.result, record.detail)
        return Row(key, cells, TONES.get(record.result, ""))

    def facts(self, record: AuditEvent) -> list[Fact]:
        """The whole detail, which the list may cut."""
        return [
            ("What", f"{in_words(record.action)}, by {record.actor}"),
            *([("From", record.origin)] if record.origin else []),
            ("Result", record.result, TONES.get(record.result, "")),
            ("Detail", record.detail or "none"),
        ]


def in_words(action: str) -> str:
    """The name of an action as it reads: `Shell gate: open` (pure)."""
    return action.replace("-", " ").replace("_", " ").replace(".", ": ", 1).capitalize()
