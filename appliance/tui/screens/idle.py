"""Before login: which appliance this is, where it is reached, and how it is."""

from __future__ import annotations

from typing import ClassVar

from rich.align import Align
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static
from textual.worker import Worker

from appliance.contract.network import Network
from appliance.contract.setup import Stage
from appliance.contract.status import Status
from appliance.tui import words
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.facts import Fact, Facts

PRODUCT = "Migration Appliance"
ROLES = {"oma": "OMA - inside CloudStack", "vma": "VMA - beside vCenter"}


class IdleScreen(ConsoleScreen):
    """What anybody may see who stands before the machine."""

    NAME = "idle"
    HEADING = PRODUCT
    HELP = (
        "This is what the appliance shows to anybody. Its addresses and fingerprint are needed when it is paired and when its API is used. "
        "F2 leads to set-up and operation; it asks for the console's password once there is one. F12 restarts or switches off."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+o", "set_up", "Set up"),
        Binding("f12,ctrl+p", "app.power", "Power"),
        Binding("escape", "leave", "Leave", show=False),
    ]

    def __init__(self, crashed: str = "") -> None:
        super().__init__()
        self._crashed = crashed
        self._entering: Worker[None] | None = None

    def body(self) -> ComposeResult:
        """The name in the middle, the facts below; the arrow keys move through them where there is little room."""
        with VerticalScroll(id="details"):
            yield Static(Align.center(Text(PRODUCT, "bold")), id="product")
            yield Static("", id="role", markup=False)
            yield Facts(id="facts", label_width=16)
            yield Static("", id="trouble", markup=False)

    async def load(self) -> None:
        """Status, set-up and network."""
        app = self.console_app
        await app.drawn.wait()
        app.status = status = await app.agent.status.status()
        app.setup_state = setup = await app.agent.setup.setup()
        network = await app.agent.network.network()
        self.query_one("#role", Static).update(Align.center(Text(ROLES.get(status.role, status.role))))
        self.query_one("#facts", Facts).show(facts(status, network, set_up=setup.stage is Stage.DONE))
        self._show_trouble(status)

    def _show_trouble(self, status: Status) -> None:
        text = ""
        if self._crashed:
            text = f"A screen had to be closed: {self._crashed} It is in the log. The console goes on."
        elif status.last_failure:
            failure = status.last_failure
            text = f"{failure.title}: {failure.message} {failure.guidance} ({words.moment(failure.at)} UTC)"
        trouble = self.query_one("#trouble", Static)
        trouble.update(text)
        trouble.display = bool(text)

    @property
    def is_ready(self) -> bool:
        """Not while it gives way to the next screen: what is typed then is meant for that one."""
        return super().is_ready and (self._entering is None or self._entering.is_finished)

    def action_set_up(self) -> None:
        """The wizard, or the menu once it is done; after the password."""
        from appliance.tui.entrance import enter

        self._crashed = ""
        self._entering = self.run_worker(enter(self.console_app), name="enter", group="enter", exclusive=True)

    def action_leave(self) -> None:
        """Only where the program was started by hand."""
        if self.console_app.can_leave:
            self.app.exit("The console was left.")


def facts(status: Status, network: Network, *, set_up: bool) -> list[Fact]:
    """The lines of the idle screen (pure)."""
    shown: list[Fact] = [
        ("Name", status.host_name or status.name),
        ("Version", status.version),
        ("Addresses", "  ".join(status.addresses) or "none; press F2 to set up the network", "" if status.addresses else "warning"),
    ]
    if status.url:
        shown.append(("Reached at", status.url))
    if network.trial:
        left = words.countdown(network.trial.seconds_left)
        shown.append(("Network", f"settings on trial, {left} left; press F2 to keep them", "warning"))
    shown.append(_pairing(status))
    shown.append(("Fingerprint", words.fingerprint(status.certificate_fingerprint)))
    if not set_up:
        shown.append(("Set-up", "not finished; press F2 to go on", "warning"))
    return shown


def _pairing(status: Status) -> Fact:
    if not status.tunnels:
        return ("Pairing", "not paired yet", "warning")
    down = [one for one in status.tunnels if not one.up]
    names = ", ".join(one.peer_name for one in status.tunnels[:3]) + (" …" if len(status.tunnels) > 3 else "")
    if not down:
        return ("Pairing", f"paired with {names}; connected", "good")
    if len(status.tunnels) == 1:
        why = f": {down[0].last_error}" if down[0].last_error else ""
        return ("Pairing", f"paired with {names}; not connected{why}", "bad")
    return ("Pairing", f"paired with {names}; {len(down)} of {len(status.tunnels)} not connected", "bad")
