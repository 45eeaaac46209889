"""The pairing of a VMA: with whom it is paired, or the form for the code."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.pairing import Join, Peer
from appliance.tui import words
from appliance.tui.screens.acting import FormScreen
from appliance.tui.screens.peers import STATES
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.form import Field, in_one_sentence

BESIDE = {
    "pairing.code_malformed": "code",
    "pairing.code_wrong": "code",
    "pairing.code_expired": "code",
    "pairing.not_shown": "code",
    "pairing.tries_used": "code",
    "pairing.other_peer": "code",
    "pairing.unreachable": "address",
    "pairing.not_an_appliance": "address",
}
"""Beside which field a failure is explained; the others are below the form."""

PORT = 443
FORM = "Open the pairing screen on the other appliance (OMA). Type one of the addresses it shows there, and its code."
PAIRING = "Pairing … this takes up to half a minute."


class JoiningScreen(FormScreen):
    """The paired OMA; the form where there is none, or where another one is wanted."""

    NAME = "pairing"
    HEADING = "Pairing"
    HELP = (
        "This appliance (VMA) works with one OMA. To pair, open the pairing screen on the OMA's console and type its address and code "
        "here; F8 pairs. An address may have a port behind it, such as 192.0.2.10:8443. F4 pairs again or with another OMA, and F6 tests "
        "whether an address can be reached."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "submit", "Pair"),
        Binding("f6,ctrl+e", "tests", "Tests"),
        Binding("f4,ctrl+t", "actions", "Actions"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._paired: Peer | None = None
        self._again = False

    def body(self) -> ComposeResult:
        """Who it is paired with, and the form."""
        yield Facts(id="facts")
        yield Static(FORM, id="introduction", markup=False)
        yield Field("Address of the OMA", id="address", hint="such as 192.0.2.10", check=address_flaw)
        yield Field("Code", id="code", hint="such as 7K3M 9QXP", limit=64, check=lambda text: "" if text else "Type the code it shows.")

    def on_mount(self) -> None:
        """The form is there until it is known that there is a pairing."""
        self._show()

    async def load(self) -> None:
        """The pairing, if there is one."""
        found = await self.console_app.agent.joining.joined()
        self._paired = found[0] if found else None
        self._show()

    @property
    def form_shown(self) -> bool:
        """Whether a code can be typed."""
        return self._paired is None or self._again

    def _show(self) -> None:
        facts = self.query_one(Facts)
        facts.display = self._paired is not None
        if self._paired is not None:
            facts.show(paired_facts(self._paired, words.ago(self._paired.last_seen, self.console_app.clock())))
        for one in (self.query_one("#introduction"), *self.query(Field)):
            one.display = self.form_shown
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Pair while the form is there, other actions while it is not."""
        return self.form_shown if action == "submit" else not self.form_shown if action == "actions" else True

    def action_leave(self) -> None:
        """From the form that was opened again back to the pairing there is."""
        if self._again:
            self._again = False
            self._show()
        else:
            super().action_leave()

    def action_actions(self) -> None:
        """What can be done with the pairing."""
        self.once(self._act)

    async def _act(self) -> None:
        name = self._paired.name if self._paired else ""
        if await self.app.push_screen_wait(Choose(name, [("again", "Pair again, or with another OMA")])) == "again":
            self._again = True
            self._show()
            self.field("address").focus_input()

    def action_tests(self) -> None:
        """Can it be reached?"""
        from appliance.tui.screens.probes import ProbesScreen

        self.app.push_screen(ProbesScreen(peer=self.field("address").value))

    async def submit(self) -> None:
        """Pair; what fails is explained where it can be corrected."""
        if not self.form_shown or not self.all_good():
            return
        address, port = split_address(self.field("address").value)
        self.say(PAIRING, "info")
        try:
            peer = await self.console_app.agent.joining.join(Join(address=address, port=port, code=self.field("code").value))
        except Fault as error:
            self._refused(error)
            return
        self._paired, self._again = peer, False
        self.field("code").value = ""
        self.say(f"Paired with {peer.name}.")
        self._show()
        await self.paired(peer)

    def _refused(self, error: Fault) -> None:
        name = BESIDE.get(error.key)
        self.say("" if name else in_one_sentence(error), "error")
        if name:
            self.field(name).problem(in_one_sentence(error))
            self.field(name).focus_input()

    async def paired(self, peer: Peer) -> None:
        """It is done."""


def split_address(text: str) -> tuple[str, int]:
    """Host and port of `host`, `host:port`, `[v6]:port` or a bare IPv6 address; port 0 where it is none (pure)."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, _port(rest[1:]) if rest.startswith(":") else 0 if rest else PORT
    if text.count(":") != 1:
        return text, PORT
    host, _, port = text.partition(":")
    return host, _port(port)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return number if number < 65536 else 0


def address_flaw(text: str) -> str:
    """What is wrong with the address of an OMA (pure)."""
    if not text:
        return "Type one of the addresses that the other appliance shows, such as 192.0.2.10."
    host, port = split_address(text)
    if not host or any(one.isspace() or one in "/@\\" for one in host):
        return "Type an address or a name only, such as 192.0.2.10 or oma.example.net."
    return "" if port else "Type a port between 1 and 65535 behind the colon, or none."


def paired_facts(peer: Peer, seen: str) -> list[Fact]:
    """The lines about the pairing (pure)."""
    return [
        ("Paired with", peer.name),
        ("State", STATES.get(peer.state, peer.state), "good" if peer.state == "paired" else "bad"),
        ("Connected", "yes" if peer.connected else "no; it is tried again by itself", "good" if peer.connected else "warning"),
        ("Last seen", "now" if peer.connected else seen),
        ("Identity", peer.id),
    ]
