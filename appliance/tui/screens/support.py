"""Support bundles: those that are ready, and making one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.system import Bundle
from appliance.tui import words
from appliance.tui.screens.making import MakingScreen
from appliance.tui.screens.records import keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row


class SupportScreen(MakingScreen[Bundle]):
    """The bundles in a list; the job that makes one above it."""

    NAME = "support"
    HEADING = "Support bundle"
    HELP = (
        "A support bundle packs logs, versions, states and settings for the vendor's support; passwords and keys are left out. "
        "F7 makes one; the three newest are kept. It is fetched over the appliance's API with the operator's token; "
        "compare the SHA-256 sum afterwards."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f7,ctrl+n", "make", "Make one")]
    COLUMNS: ClassVar = (Column("Bundle"), Column("Size", 10), Column("Made", 12), Column("SHA-256", 64, needs=150))
    EMPTY = "No bundle yet; press F7 to make one."
    KIND, READY, NOT_MADE = "support-bundle", "The bundle is ready.", "No bundle was made"

    async def made(self) -> dict[str, Bundle]:
        """The bundles, newest first."""
        return keyed(await self.console_app.agent.system.bundles(), lambda one: one.name)

    def row(self, key: str, record: Bundle) -> Row:
        """One line a bundle."""
        return Row(key, (record.name, words.size(record.size_bytes), words.ago(record.created_at, self.console_app.clock()), record.sha256))

    def facts(self, record: Bundle) -> list[Fact]:
        """Where it is, and its sum."""
        age = old(record.created_at, self.console_app.clock())
        return [
            ("Name", record.name),
            ("Made", f"{words.moment(record.created_at)} UTC{age}"),
            ("Size", words.size(record.size_bytes)),
            ("SHA-256", f"{record.sha256[:32]}\n{record.sha256[32:]}"),
            ("To fetch it", self.place(f"/api/v1/support-bundle/{record.name}")),
        ]

    def action_make(self) -> None:
        """Start the job; one at a time."""
        if not self.is_being_made:
            self.once(self._make)

    async def _make(self) -> None:
        await self.follow(self.console_app.agent.system.make_bundle(), "The bundle is being made; this may take a minute.")


def old(made: datetime, now: datetime) -> str:
    """A word of warning about a bundle of another day (pure)."""
    return "; make a new one when something has happened since" if now - made > timedelta(days=1) else ""
