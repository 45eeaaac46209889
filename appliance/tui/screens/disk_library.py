"""What disks are read with: VMware's library where the operator has brought it, HTTPS otherwise."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.disk_library import AcceptLibrary, DiskLibrary, Reader
from appliance.contract.jobs import Job
from appliance.contract.types import FetchFrom
from appliance.tui import words
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.making import ENDED, ending
from appliance.tui.screens.places import ask_fetch
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.progress import ProgressLine

KIND = "library-fetch"
UPLOAD = "appliance library upload FILE"


class DiskLibraryScreen(ConsoleScreen):
    """A sentence that says how it is, the library, and the archive that waits."""

    NAME = "disk-library"
    HEADING = "Disk reader"
    HELP = (
        "Disks can be read with VMware's own disk library. It may not be shipped with this appliance: bring the archive as you got it "
        "from VMware. F7 fetches it from a web server of yours; or send it over the API with the command that is shown. What has come is "
        "checked, and its SHA-256 is shown: compare it with the one on VMware's page, then accept it with F8. It is used if it can be "
        "loaded here; otherwise, and for every disk that it can't open, disks are read over HTTPS, and the job's log says so. "
        "F6 tries the library again, F9 removes it."
    )
    EVERY = 1.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f6,ctrl+e", "check", "Try it"),
        Binding("f7,ctrl+n", "fetch", "Fetch"),
        Binding("f8,ctrl+s", "accept", "Accept"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: DiskLibrary | None = None
        self._job_id = ""

    def body(self) -> ComposeResult:
        """How it is, what is installed, what waits, what is under way."""
        yield Static("", id="state", classes="text", markup=False)
        yield Facts(id="installed")
        yield Static("An archive waits to be accepted", id="waits", classes="heading", markup=False)
        yield Facts(id="received")
        yield Static("", id="job", classes="text", markup=False)
        yield ProgressLine(id="progress")

    def on_mount(self) -> None:
        """Nothing is known yet."""
        for name in ("#installed", "#waits", "#received", "#job", "#progress"):
            self.query_one(name).display = False

    async def load(self) -> None:
        """How it is now, and the job that fetches, wherever it was asked for."""
        jobs = self.console_app.agent.jobs
        if not self._job_id:
            running = await jobs.jobs(kind=KIND, active=True, limit=1)
            self._job_id = running[0].id if running else ""
        job = await jobs.job(self._job_id) if self._job_id else None
        self._show(await self.console_app.agent.disk_library.disk_library())
        self._show_job(job)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now is among the keys."""
        found = self._found
        possible = {
            "check": found is not None and found.installed is not None,
            "fetch": found is not None and found.supported and not self._job_id,
            "accept": found is not None and found.supported and found.received is not None,
            "remove": found is not None and (found.installed is not None or found.received is not None),
        }
        return possible.get(action, True)

    def _show(self, found: DiskLibrary) -> None:
        self._found = found
        self.query_one("#state", Static).update(sentence(found))
        installed, received = self.query_one("#installed", Facts), self.query_one("#received", Facts)
        installed.display = found.installed is not None
        received.display = self.query_one("#waits").display = found.received is not None
        installed.show(installed_facts(found))
        received.show(received_facts(found))
        self.refresh_bindings()

    def _show_job(self, job: Job | None) -> None:
        under_way = job is not None and job.status not in ENDED
        text, bar = self.query_one("#job", Static), self.query_one(ProgressLine)
        text.display = bar.display = under_way
        if job is not None and under_way:
            text.update(job.current_operation or job.title)
            bar.show(job.progress_percent / 100)
        elif job is not None:
            self._job_id = ""
            self.say(*ending(job, "The archive is here; compare its SHA-256, then accept it.", "Nothing was fetched"))
            self.refresh_bindings()

    def action_fetch(self) -> None:
        """Ask for the address; then start the job."""

        async def fetch(place: FetchFrom) -> None:
            self._job_id = (await self.console_app.agent.disk_library.fetch_library(place)).job_id
            self.say("")  # how the one before ended is not told of this one

        text = "Put the archive, as you got it from VMware, on a web server that this appliance can reach."
        form = ask_fetch("Fetch VMware's library", text, "vix-disklib.tar.gz", fetch)
        self.app.push_screen(form, lambda _: self.action_reload())

    def action_accept(self) -> None:
        """Ask for the digest and the right to use it; then it is installed."""
        self.once(self._accept)

    async def _accept(self) -> None:
        received = self._found.received if self._found else None
        if received is None:
            return
        consequences = (
            f"Its SHA-256 is {received.sha256[:32]} {received.sha256[32:]}: compare it with the one on VMware's page. By accepting you "
            "state that you have the right to use this library here. It is tried, and disks are read with it from the next copy on."
        )
        if await self.confirmed(f"Accept version {received.version}?", consequences, word="accept"):
            asked = AcceptLibrary(sha256=received.sha256, licensed=True)
            await self.attempt(self.console_app.agent.disk_library.accept_library(asked), "Disks are read with VMware's library now.")

    def action_check(self) -> None:
        """Whether it can be loaded now."""
        self.once(self._check)

    async def _check(self) -> None:
        found = await self.attempt(self.console_app.agent.disk_library.check_library())
        if found is not None and found.installed is not None:
            self.say(*((found.installed.problem, "bad") if found.installed.problem else ("The library can be loaded.", "success")))

    def action_remove(self) -> None:
        """Back to HTTPS."""
        self.once(self._remove)

    async def _remove(self) -> None:
        what = "The library and an archive that waits are removed. Disks are read over HTTPS from the next copy on."
        if await self.confirmed("Remove VMware's library?", what):
            await self.attempt(self.console_app.agent.disk_library.delete_library(), "It was removed.")


def sentence(found: DiskLibrary) -> str:
    """What disks are read with, and what can be done (pure)."""
    if not found.supported:
        return "Disks are read over HTTPS. This appliance was built without what VMware's library is used through."
    if found.reader is Reader.LIBRARY:
        return "Disks are read with VMware's library; one that it can't open is read over HTTPS."
    if found.installed is not None:
        return f"Disks are read over HTTPS. {found.installed.problem}"
    if found.received is not None:
        return "Disks are read over HTTPS until the archive is accepted: compare its SHA-256 with the one on VMware's page, then press F8."
    return f"Disks are read over HTTPS. To read them with VMware's library, press F7, or send its archive over the API:\n\n  {UPLOAD}"


def installed_facts(found: DiskLibrary) -> list[Fact]:
    """The library (pure)."""
    one = found.installed
    if one is None:
        return []
    return [
        ("Library", f"version {one.version}"),
        ("Installed", f"{words.moment(one.installed_at)} UTC"),
        ("Archive", words.size(one.size_bytes)),
        ("SHA-256", words.checksum(one.sha256)),
        ("State", "not used" if one.problem else "in use", "bad" if one.problem else "good"),
    ]


def received_facts(found: DiskLibrary) -> list[Fact]:
    """The archive that waits (pure)."""
    one = found.received
    if one is None:
        return []
    return [
        ("Library", f"version {one.version}"),
        ("Came", f"{words.moment(one.received_at)} UTC"),
        ("Archive", words.size(one.size_bytes)),
        ("SHA-256", words.checksum(one.sha256)),
    ]
