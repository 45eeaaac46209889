"""Upgrades: the files that are here, what applying one does, and what became of the last one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract.types import FetchFrom
from appliance.contract.upgrades import LastUpgrade, Releases, Upgrade, UpgradeOutcome
from appliance.tui import words
from appliance.tui.screens.making import MakingScreen
from appliance.tui.screens.places import ask_fetch
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.table import Column, Row

FITS = "can be applied"


class UpgradeScreen(MakingScreen[Upgrade]):
    """The release that runs, the upgrade files in a list, and the job that applies one above it."""

    NAME = "upgrade"
    HEADING = "Upgrade"
    HELP = (
        "An upgrade file comes from the vendor. F7 fetches it from a web server of yours; or it is sent here over the API, on an OMA "
        "also with the command `appliance upgrade upload FILE`. What the vendor has not signed is not kept. F8 applies the one under "
        "the cursor: the new release is put beside the running one, the records are backed up, and the appliance changes over. If the "
        "new release is not well within two minutes, the former one comes back by itself, with the records of before. Jobs go on "
        "afterwards. Upgrade one appliance of a pair, then the other. F9 removes a file."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "fetch", "Fetch"),
        Binding("f8,ctrl+s", "apply", "Apply"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]
    COLUMNS: ClassVar = (Column("Version", 10), Column("State"), Column("Size", 10), Column("Received", 14), Column("File", 32, needs=120))
    EMPTY = "No upgrade file here yet; press F7 to fetch one."
    KINDS: ClassVar = {
        "upgrade": ("The upgrade was made; this is the new version.", "No upgrade was made"),
        "upgrade-fetch": ("The upgrade file is here.", "No upgrade was fetched"),
    }

    def body(self) -> ComposeResult:
        """What runs, then the job and the list."""
        yield Facts(id="running")
        yield from super().body()

    async def ready(self) -> list[Upgrade]:
        """The files, newest first; what runs is shown with them."""
        found = await self.console_app.agent.upgrades.releases()
        self.query_one("#running", Facts).show(releases_facts(found))
        return await self.console_app.agent.upgrades.upgrades()

    def row(self, key: str, record: Upgrade) -> Row:
        """One line a file."""
        state, age = record.flaw or FITS, words.ago(record.created_at, self.console_app.clock())
        return Row(key, (record.version, state, words.size(record.size_bytes), age, record.name), "" if record.flaw else "good")

    def facts(self, record: Upgrade) -> list[Fact]:
        """Whether it can be applied, and why not."""
        return [
            ("File", record.name),
            ("Made by vendor", f"{words.moment(record.made_at)} UTC"),
            ("State", record.flaw or FITS),
        ]

    def action_fetch(self) -> None:
        """Ask for the address; then start the job."""
        if self.is_being_made:
            return

        async def fetch(place: FetchFrom) -> None:
            self.job_id = (await self.console_app.agent.upgrades.fetch_upgrade(place)).job_id
            self.say("")  # how the one before ended is not told of this one

        text = "Put the vendor's file on a web server that this appliance can reach. What the vendor has not signed is not kept."
        form = ask_fetch("Fetch an upgrade", text, "appliance-0.2.0.upgrade", fetch)
        self.app.push_screen(form, lambda _: self.action_reload())

    def action_apply(self) -> None:
        """Ask, then apply the one under the cursor."""
        if not self.is_being_made:
            self.once(self._apply)

    async def _apply(self) -> None:
        record = self.chosen
        if record is None:
            return
        if record.flaw:
            self.say(record.flaw, "error")
        elif await self.confirmed(f"Upgrade this appliance to version {record.version}?", CONSEQUENCES, word="upgrade"):
            said = "The upgrade is under way; the appliance is away for some seconds, and its console may begin anew."
            await self.follow(self.console_app.agent.upgrades.apply_upgrade(record.name), said)

    def action_remove(self) -> None:
        """Remove the one under the cursor."""
        self.once(self._remove)

    async def _remove(self) -> None:
        record = self.chosen
        what = "The file is removed from this appliance; the release that runs stays."
        if record is not None and await self.confirmed(f"Remove {record.name}?", what):
            await self.attempt(self.console_app.agent.upgrades.delete_upgrade(record.name), "The upgrade file was removed.")


CONSEQUENCES = (
    "The records are backed up, and the appliance changes over to the new release; console, tunnels and API are away for about half a "
    "minute. Running jobs stop where they are and go on afterwards. If the new release is not well within two minutes, this one comes "
    "back by itself, and nothing is lost."
)


def releases_facts(found: Releases) -> list[Fact]:
    """What runs, and the last upgrade (pure)."""
    facts: list[Fact] = [("This version", found.version), ("Kept beside it", found.former or "none")]
    return [*facts, ("Last upgrade", last_text(found.last))]


def last_text(last: LastUpgrade | None) -> str:
    """What became of the last upgrade (pure)."""
    if last is None:
        return "none"
    way = f"{last.from_version} to {last.to_version}, {words.moment(last.begun_at)} UTC"
    told = {
        UpgradeOutcome.UNDER_WAY: "under way",
        UpgradeOutcome.KEPT: f"done; {last.reason}" if last.reason else "done",
        UpgradeOutcome.RETURNED: f"given up; {last.from_version} came back by itself: {last.reason}",
    }
    return f"{way}: {told[last.outcome]}"
