"""Questions to the network: ping, names, and the other appliance's port."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static

from appliance.contract.errors import Fault
from appliance.contract.network import Network, Probe, ProbeAnswer, ProbeKind
from appliance.tui.screens.acting import FormScreen
from appliance.tui.widgets.facts import TONES
from appliance.tui.widgets.form import Choice, Field, in_one_sentence

KINDS = {
    ProbeKind.PING: "does it answer a ping",
    ProbeKind.DNS: "is the name known",
    ProbeKind.PEER: "does the other appliance answer on port 443",
}
KEPT = 50
"""Answers that stay on the screen."""


class ProbesScreen(FormScreen):
    """One question at a time; the answers stay, the newest first."""

    NAME = "tests"
    HEADING = "Network tests"
    HELP = (
        "Choose what to test with the arrow keys, type a name or an address, and press F8 or Enter. The answers are listed below, the "
        "newest first. The other appliance is asked on port 443 unless another one is typed behind a colon."
    )
    EVERY: ClassVar[float] = 5.0
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8,ctrl+s,f6,ctrl+e", "submit", "Test")]

    def __init__(self, peer: str = "") -> None:
        super().__init__()
        self._peer = peer
        self._suggested: dict[ProbeKind, str] = {ProbeKind.PEER: peer}
        self._filled = ""

    def body(self) -> ComposeResult:
        """The question, and the answers below."""
        kind = ProbeKind.PEER if self._peer else ProbeKind.PING
        yield Choice("Test", [(one.value, text) for one, text in KINDS.items()], id="kind", value=kind.value)
        yield Field("Name or address", id="target", check=lambda text: "" if text else "Type a name or an address, such as 192.0.2.1.")
        yield Static("", id="asking", markup=False)
        yield VerticalScroll(id="answers")

    def on_mount(self) -> None:
        """The cursor is where the target is typed."""
        self.field("target").focus_input()
        self._fill()

    async def load(self) -> None:
        """What is sensible to ask about."""
        self._suggested = suggestions(await self.console_app.agent.network.network(), self._peer)
        self._fill()

    @property
    def _kind(self) -> ProbeKind:
        return ProbeKind(self.query_one(Choice).value)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another test: another target, unless one was typed."""
        self._fill()

    def _fill(self) -> None:
        target, suggestion = self.field("target"), self._suggested.get(self._kind, "")
        if target.value == self._filled:
            target.value = self._filled = suggestion

    async def submit(self) -> None:
        """Ask, and show the answer."""
        if not self.all_good():
            return
        kind, target = self._kind, self.field("target").value
        self.query_one("#asking", Static).update(f"Asking: {target}, {KINDS[kind]} …")
        try:
            answer = await self.console_app.agent.network.probe_network(Probe(kind=kind, target=target))
        except Fault as error:
            self.field("target").problem(in_one_sentence(error))
        else:
            await self._add(answer)
        finally:
            self.query_one("#asking", Static).update("")

    async def _add(self, answer: ProbeAnswer) -> None:
        answers = self.query_one("#answers", VerticalScroll)
        await answers.mount(Static(drawn(answer, self.console_app.clock()), classes="text", markup=False), before=0)
        for old in list(answers.children)[KEPT:]:
            await old.remove()
        answers.scroll_home(animate=False)


def suggestions(state: Network, peer: str = "") -> dict[ProbeKind, str]:
    """A sensible target for each question: the gateway, a name of this network, the other appliance (pure)."""
    gateways = [one for interface in state.interfaces for one in interface.gateways]
    names = [one for one in (*state.kept.ntp, *state.kept.search_domains, state.host_name) if any(letter.isalpha() for letter in one)]
    return {
        ProbeKind.PING: next(iter([*gateways, *state.dns]), ""),
        ProbeKind.DNS: next((one for one in names if ":" not in one), ""),
        ProbeKind.PEER: peer,
    }


def drawn(answer: ProbeAnswer, at: datetime) -> Text:
    """An answer with its lines (pure)."""
    text = Text(f"{at:%H:%M:%S}  {'well ' if answer.ok else 'wrong'}  ")
    text.append(answer.message, TONES["good" if answer.ok else "bad"])
    for line in answer.lines:
        text.append(f"\n                 {line}")
    return text
