"""Support bundles: those that are ready, and making one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.system import Bundle
from appliance.contract.types import JobRef, SendTo
from appliance.tui import words
from appliance.tui.screens.making import KeptFilesScreen, made_columns
from appliance.tui.widgets.facts import Fact


class SupportScreen(KeptFilesScreen[Bundle]):
    """The bundles in a list; the job that makes one above it."""

    NAME = "support"
    HEADING = "Support bundle"
    HELP = (
        "A support bundle packs logs, versions, states and settings for the vendor's support; passwords and keys are left out. "
        "F7 makes one; the three newest are kept. F8 sends one to an https address that takes files, such as a web server of yours or a "
        "place that the vendor's support gives you. An OMA's is also fetched over its API with the operator's token. Compare the SHA-256 "
        "sum afterwards."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "make", "Make one"),
        Binding("f8,ctrl+s", "send", "Send"),
    ]
    COLUMNS = made_columns("Bundle")
    EMPTY = "No bundle yet; press F7 to make one."
    PATH = "/api/v1/support-bundle"
    SENDING = "It is put there as it is, by HTTP PUT. It holds no passwords or keys, but names and addresses of your machines."
    KINDS: ClassVar = {
        "support-bundle": ("The bundle is ready.", "No bundle was made"),
        "support-bundle-send": ("The bundle was sent.", "The bundle was not sent"),
    }

    async def ready(self) -> list[Bundle]:
        """The bundles, newest first."""
        return await self.console_app.agent.system.bundles()

    def made(self, record: Bundle) -> list[Fact]:
        """How old and how large it is."""
        age = old(record.created_at, self.console_app.clock())
        return [("Made", f"{words.moment(record.created_at)} UTC{age}"), ("Size", words.size(record.size_bytes))]

    async def send(self, name: str, place: SendTo) -> JobRef:
        """One bundle."""
        return await self.console_app.agent.system.send_bundle(name, place)

    def action_make(self) -> None:
        """Start the job; one at a time."""
        if not self.is_being_made:
            self.once(self._make)

    async def _make(self) -> None:
        await self.follow(self.console_app.agent.system.make_bundle(), "The bundle is being made; this may take a minute.")


def old(made: datetime, now: datetime) -> str:
    """A word of warning about a bundle of another day (pure)."""
    return "; make a new one when something has happened since" if now - made > timedelta(days=1) else ""
