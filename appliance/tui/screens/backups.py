"""Back-ups: those that are here, making one, the way back, and whether the records are sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import SecretStr
from textual.binding import Binding, BindingType

from appliance.contract.backups import AskBackup, Backup
from appliance.contract.checks import Check
from appliance.contract.types import FetchFrom, JobRef, SendTo
from appliance.tui.screens.checks import ChecksScreen
from appliance.tui.screens.making import KeptFilesScreen, made_columns
from appliance.tui.screens.places import ask_fetch
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.form import Field

SHORTEST, LONGEST = 12, 500
BESIDE = {"backup.passphrase": "passphrase"}
"""Beside which field a refusal is shown."""


class BackupsScreen(KeptFilesScreen[Backup]):
    """The back-ups in a list; the job that makes one above it."""

    NAME = "backups"
    HEADING = "Back-ups"
    HELP = (
        "A back-up holds all records, the keys that protect stored passwords, and the appliance's identity, sealed with a passphrase that "
        "the appliance does not keep. F7 makes one; F8 sends it to an https address that takes files, to be kept elsewhere; an OMA's is "
        "also fetched over its API. F4 puts one back: records, keys and identity are replaced, and the agent starts anew. F3 fetches one "
        "that was made elsewhere from a web address; or send it over the API. F6 looks whether the records are sound, F9 removes a "
        "back-up. The disks' copies are in CloudStack and not part of it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+f", "fetch", "Fetch"),
        Binding("f4,ctrl+t", "restore", "Put back"),
        Binding("f6,ctrl+e", "check", "Check"),
        Binding("f7,ctrl+n", "make", "Make one"),
        Binding("f8,ctrl+s", "send", "Send"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]
    COLUMNS = made_columns("Back-up")
    EMPTY = "No back-up yet; press F7 to make one."
    PATH = "/api/v1/backups"
    SENDING = "It is put there as it is, by HTTP PUT: sealed with its passphrase."
    KINDS: ClassVar = {
        "backup": ("The back-up is ready; keep it elsewhere, too.", "No back-up was made"),
        "backup-fetch": ("The back-up is here.", "No back-up was fetched"),
        "backup-send": ("The back-up was sent.", "The back-up was not sent"),
    }

    async def ready(self) -> list[Backup]:
        """The back-ups, newest first."""
        return await self.console_app.agent.backups.backups()

    async def send(self, name: str, place: SendTo) -> JobRef:
        """One back-up."""
        return await self.console_app.agent.backups.send_backup(name, place)

    def action_fetch(self) -> None:
        """Ask for the address; then start the job."""
        if self.is_being_made:
            return

        async def fetch(place: FetchFrom) -> None:
            self.job_id = (await self.console_app.agent.backups.fetch_backup(place)).job_id
            self.say("")  # how the one before ended is not told of this one

        text = "Put the back-up on a web server that this appliance can reach. It stays sealed with its passphrase."
        self.app.push_screen(ask_fetch("Fetch a back-up", text, "backup-vma.age", fetch), lambda _: self.action_reload())

    def action_make(self) -> None:
        """Ask for a passphrase; then start the job."""
        if self.is_being_made:
            return
        passphrase = Field("Passphrase", id="passphrase", secret=True, limit=LONGEST, check=passphrase_flaw)
        again = Field("The same again", id="again", secret=True, limit=LONGEST, check=lambda text: again_flaw(text, passphrase.value))

        async def make(typed: Mapping[str, str]) -> None:
            self.job_id = (await self.console_app.agent.backups.make_backup(asked(typed))).job_id

        text = "Nobody can open the back-up without this passphrase, and the appliance does not keep it. Write it down."
        self.app.push_screen(Ask("Make a back-up", text, [passphrase, again], make, beside=BESIDE), lambda _: self.action_reload())

    def action_restore(self) -> None:
        """Ask, then for the passphrase; then records, keys and identity are replaced."""
        self.once(self._restore)

    async def _restore(self) -> None:
        record = self.chosen
        if record is None or not await self.confirmed(f"Put back {record.name}?", CONSEQUENCES, word="restore"):
            return

        async def restore(typed: Mapping[str, str]) -> None:
            await self.console_app.agent.backups.restore_backup(record.name, asked(typed))

        fields = [Field("Passphrase", id="passphrase", secret=True, limit=LONGEST, check=passphrase_flaw)]
        done = await self.app.push_screen_wait(Ask(f"Open {record.name}", OPENING, fields, restore, beside=BESIDE))
        if done:
            self.say("The agent starts anew with the records of the back-up; this takes a moment.")

    def action_remove(self) -> None:
        """Remove the one under the cursor."""
        self.once(self._remove)

    async def _remove(self) -> None:
        record = self.chosen
        what = "It is removed from this appliance; what was fetched stays."
        if record is not None and await self.confirmed(f"Remove {record.name}?", what):
            await self.attempt(self.console_app.agent.backups.delete_backup(record.name), "The back-up was removed.")

    def action_check(self) -> None:
        """Whether the records are sound."""
        self.app.push_screen(DatabaseChecksScreen())


class DatabaseChecksScreen(ChecksScreen):
    """Whether the records are sound."""

    NAME = "database-checks"
    HELP = (
        "Looks whether this appliance's records are sound: the database itself, records that refer to each other, and whether every stored "
        "password can be read. It only reads. F5 looks again."
    )

    def __init__(self) -> None:
        super().__init__("Check of the records")

    async def look(self) -> Sequence[Check]:
        """Ask the agent."""
        return await self.console_app.agent.backups.check_database()


CONSEQUENCES = (
    "All records, keys and the identity of this appliance become those of the back-up. VMs, jobs and settings that came after it was "
    "made are forgotten; what is in vCenter and CloudStack is not touched, and the reconciler shows what differs. "
    "What is replaced is kept beside the records until the next restore. The agent starts anew."
)
OPENING = "Type the passphrase with which it was made. The work on it takes some seconds."


def asked(typed: Mapping[str, str]) -> AskBackup:
    """The request with the passphrase that was typed (pure)."""
    return AskBackup(passphrase=SecretStr(typed["passphrase"]))


def passphrase_flaw(text: str) -> str:
    """As long as the agent wants it (pure)."""
    wanted = f"Type at least {SHORTEST} characters; a few words that do not belong together are easy to remember."
    return "" if len(text) >= SHORTEST else wanted


def again_flaw(text: str, first: str) -> str:
    """A typing mistake would make the back-up useless (pure)."""
    return "" if text == first else "This is not the same as the passphrase. Type both again."
