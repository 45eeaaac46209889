"""The second step of a CloudStack configuration: what was found there, by its names."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract.clouds import Resources
from appliance.tui.cloud_draft import PARTS, Draft, described, offered
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.table import Column, Listing, Row

COLUMNS = (Column("What", 17), Column("Name"), Column("", 0), Column("Id", 38, needs=140))


class FoundScreen(ConsoleScreen):
    """Everything that can be chosen from; nothing is chosen here."""

    NAME = "cloud-found"
    HEADING = "CloudStack, step 2 of 3: what was found"
    HELP = (
        "Everything that this account may use in CloudStack, by the names it has there: zones, domains, templates, offerings, networks, "
        "and the machine that this appliance itself is. F5 looks again, for instance after an offering was made. F8 goes on to choose."
    )
    EVERY: ClassVar[float] = 3600.0
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8,ctrl+s,enter", "next", "Next")]

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self._found: Resources | None = None

    def body(self) -> ComposeResult:
        """How many of each, then each."""
        yield Facts([("CloudStack", "looking …", "warning")], id="facts")
        yield Listing(COLUMNS, empty="Nothing was found yet.", id="found")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """Look through all zones, once."""
        if self._found is not None:
            return
        everywhere = self._draft.discovery().model_copy(update={"zone": ""})
        self._found = await self.console_app.agent.clouds.discover_resources(everywhere)
        self.query_one(Facts).show(found_facts(self._found))
        self.query_one(Listing).show(found_rows(self._found))

    def action_reload(self) -> None:
        """Look again."""
        self._found = None
        super().action_reload()

    def on_data_table_row_selected(self) -> None:
        """Enter goes on, too."""
        self.action_next()

    def action_next(self) -> None:
        """Choose."""
        if self._found is None:
            self.say("Nothing was found yet; F5 looks again.", "warning")
            return
        from appliance.tui.screens.cloud_choice import ChoiceScreen

        self.app.push_screen(ChoiceScreen(self._draft, self._found))


def found_facts(found: Resources) -> list[Fact]:
    """The lines above the list (pure)."""
    own = found.oma_vm_id
    return [
        ("CloudStack", f"version {found.version}"),
        ("This appliance", own or "not found in this account; its id can be typed in the next step", "" if own else "warning"),
    ]


def found_rows(found: Resources) -> list[Row]:
    """One line for each thing (pure)."""
    return [
        Row(f"{kind}/{one.id}", (title, one.name, described(kind, one), one.id))
        for _, title, kind, _ in PARTS
        for one in offered(kind, found)
    ]
