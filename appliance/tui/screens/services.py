"""How each part of the appliance is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from appliance.contract.status import Part, Status
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.table import Column, Row

STATES = {"ok": ("well", "good"), "degraded": ("degraded", "warning"), "failed": ("failed", "bad")}
"""A part's state in a word, and its tone."""


class ServicesScreen(RecordsScreen[Part]):
    """The parts in a list, the agent above it."""

    NAME = "services"
    HEADING = "Services"
    HELP = (
        "Every part of the appliance with its state and a sentence about it. A part that is degraded still works, or will again by itself; "
        "one that has failed does not. The logs tell more; F12 restarts the agent or the appliance."
    )
    COLUMNS: ClassVar = (Column("Part", 20), Column("State", 10), Column("What it says"))

    def body(self) -> ComposeResult:
        """The agent first."""
        yield Facts(id="agent")
        yield from super().body()

    async def load(self) -> None:
        """Status and health."""
        app = self.console_app
        app.status = await app.agent.status.status()
        health = await app.agent.status.health()
        self.query_one("#agent", Facts).show([*agent_facts(app.status), _whole(health.state)])
        self.show_records(health.parts)

    def row(self, key: str, record: Part) -> Row:
        """One line a part."""
        state, tone = STATES.get(record.state, (record.state, "bad"))
        return Row(key, (key.replace("_", " ").capitalize(), state, record.detail), "" if tone == "good" else tone)

    def facts(self, record: Part) -> list[Fact]:
        """The whole sentence, which the list may cut."""
        state, tone = STATES.get(record.state, (record.state, "bad"))
        return [("State", state, tone), ("What it says", record.detail or "Nothing to report.")]


def agent_facts(status: Status) -> list[Fact]:
    """The lines about the agent (pure)."""
    return [
        ("Agent", f"version {status.version}"),
        ("Started", f"{words.moment(status.started_at)} UTC"),
        ("Appliance", status.appliance_id),
    ]


def _whole(state: str) -> Fact:
    text, tone = STATES.get(state, (state, "bad"))
    return ("Whole", text, tone)
