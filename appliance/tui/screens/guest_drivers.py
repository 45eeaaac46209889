"""What Windows guests are prepared with: the disc of drivers and the small programs, of which the operator brings each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.types import FetchFrom
from appliance.contract.windows_drivers import WindowsDrivers, WindowsProgram
from appliance.tui import words
from appliance.tui.screens.making import MakingScreen
from appliance.tui.screens.places import ask_fetch
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

DISC = "virtio-win.iso"
FIRST_STARTS = ("rhsrvany.exe", "pvvxsvc.exe")
PROGRAMS = {
    "rhsrvany.exe": "Ends a prepared guest's set-up",
    "pvvxsvc.exe": "The same; one of the two is enough",
    "pnp_wait.exe": "Waits for the network; not needed",
}
_ENDED = ("It is here.", "It was not fetched")


@dataclass(frozen=True)
class Item:
    """One of the files: what it is for, and what is here of it."""

    name: str
    purpose: str
    here: WindowsDrivers | WindowsProgram | None


class GuestDriversScreen(MakingScreen[Item]):
    """Whether a Windows can be prepared, then each file that this takes."""

    NAME = "guest-drivers"
    HEADING = "Guest drivers"
    HELP = (
        "A Windows that comes from VMware lacks the drivers of its new platform. They, and a small program that ends the guest's set-up at "
        "its first start, are not shipped with this appliance. The disc comes from the project of its name; rhsrvany.exe and "
        "pnp_wait.exe are in Fedora's package mingw32-srvany, pvvxsvc.exe is SUSE's. F7 fetches the one under the cursor from a web server "
        "of yours; or send it over the API. It is looked at before it is kept; whether it is the one you trust you see by its SHA-256. "
        "F9 removes it. Linux guests need nothing of this."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "fetch", "Fetch"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]
    COLUMNS: ClassVar = (Column("File", 16), Column("For"), Column("Size", 10), Column("Received", 12))
    KINDS: ClassVar = {
        "windows-drivers-fetch": _ENDED,
        "windows-rhsrvany-fetch": _ENDED,
        "windows-pvvxsvc-fetch": _ENDED,
        "windows-pnp-wait-fetch": _ENDED,
    }

    def body(self) -> ComposeResult:
        """Whether it suffices, then the job and the list."""
        yield Static("", id="state", classes="text", markup=False)
        yield from super().body()

    async def ready(self) -> list[Item]:
        """Every file that may be brought, whether it is here or not."""
        api = self.console_app.agent.windows_drivers
        found = items(await api.windows_drivers(), await api.windows_programs())
        self.query_one("#state", Static).update(sentence(found))
        return found

    def row(self, key: str, record: Item) -> Row:
        """One line a file."""
        if record.here is None:
            return Row(key, (record.name, record.purpose, "-", "not here"))
        age = words.ago(record.here.created_at, self.console_app.clock())
        return Row(key, (record.name, record.purpose, words.size(record.here.size_bytes), age), "good")

    def facts(self, record: Item) -> list[Fact]:
        """What it is, and what it holds."""
        facts: list[Fact] = [("File", record.name), ("For", record.purpose)]
        if isinstance(record.here, WindowsDrivers):
            digest = words.checksum(record.here.sha256) if record.here.sha256 else "not known; fetch it again"
            return [*facts, ("Disc", record.here.label), ("Drivers for", ", ".join(record.here.systems)), ("SHA-256", digest)]
        if isinstance(record.here, WindowsProgram):
            return [*facts, ("SHA-256", words.checksum(record.here.sha256))]
        return [*facts, ("State", "not here; F7 fetches it")]

    def action_fetch(self) -> None:
        """Ask for the address of the one under the cursor; then start the job."""
        record, api = self.chosen, self.console_app.agent.windows_drivers
        if record is None or self.is_being_made:
            return

        async def fetch(place: FetchFrom) -> None:
            asked = api.fetch_windows_drivers(place) if record.name == DISC else api.fetch_windows_program(record.name, place)
            self.job_id = (await asked).job_id
            self.say("")  # how the one before ended is not told of this one

        text = "Put it on a web server that this appliance can reach. It takes the place of the one that is here."
        self.app.push_screen(ask_fetch(f"Fetch {record.name}", text, record.name, fetch), lambda _: self.action_reload())

    def action_remove(self) -> None:
        """Remove the one under the cursor."""
        self.once(self._remove)

    async def _remove(self) -> None:
        record, api = self.chosen, self.console_app.agent.windows_drivers
        if record is None or record.here is None:
            return
        what = "It is removed from this appliance. Guests that were prepared with it stay as they are."
        if await self.confirmed(f"Remove {record.name}?", what):
            asked = api.delete_windows_drivers() if record.name == DISC else api.delete_windows_program(record.name)
            await self.attempt(asked, "It was removed.")


def items(drivers: Sequence[WindowsDrivers], programs: Sequence[WindowsProgram]) -> list[Item]:
    """Every file that may be brought (pure)."""
    here = {one.name: one for one in programs}
    disc = Item(DISC, "The drivers for disks and networks", next(iter(drivers), None))
    return [disc, *(Item(name, purpose, here.get(name)) for name, purpose in PROGRAMS.items())]


def sentence(found: Sequence[Item]) -> str:
    """Whether a Windows can be prepared, and what to do (pure)."""
    here = {one.name for one in found if one.here is not None}
    if DISC in here and here & set(FIRST_STARTS):
        return "Windows guests can be prepared."
    missing = [*([] if DISC in here else [DISC]), *([] if here & set(FIRST_STARTS) else [FIRST_STARTS[0]])]
    return f"Windows guests can't be prepared until this is here: {', '.join(missing)}. F1 says where it comes from."
