"""What a failover needs to be told: where the adapters go and, for a live one, how long the source has to shut down."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.failover import StartLive, StartTest
from appliance.contract.replications import VmContext
from appliance.tui.actions import LIVE, TEST
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.form import Field, in_one_sentence

EVERY_OTHER = "*"
NO_PLACE = ("failover.no_test_network", "failover.no_network")
"""The refusals that name a source network which has no target."""

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
SHUTDOWN_SECONDS = 180


def network_problem(text: str) -> str:
    """What is wrong with a network's id; it may be left empty (pure)."""
    return (
        ""
        if not text or _ID.fullmatch(text)
        else "Type the id of a CloudStack network: letters, digits, dots and hyphens. Or leave it empty."
    )


def seconds_problem(text: str) -> str:
    """What is wrong with the time to shut down (pure)."""
    good = text.isascii() and text.isdigit() and 1 <= int(text) <= 3600
    return "" if good else "Type a number of seconds from 1 to 3600."


class FailoverScreen(ConsoleScreen):
    """A form, and the confirmation after it."""

    NAME = "failover"
    HEADING = "Failover"
    EVERY = 3600.0
    HELP = (
        "Says on which CloudStack networks the new machine is started. There is a field for each network of the source that was mapped "
        "before; 'All others' takes the networks without a field. Left empty, what was set for the VM and in the CloudStack "
        "configuration is used; a test never uses the production network by itself. F7 adds a field for another network of the source. "
        "F8 shows what will happen and asks; nothing is started before that."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "start", "Go on"),
        Binding("f7,ctrl+n", "add", "Another network"),
    ]

    def __init__(self, vm: VmContext, *, live: bool) -> None:
        super().__init__()
        self._vm, self._live, self._action = vm, live, LIVE if live else TEST
        self._sources: dict[str, str] = {}
        self._extra, self._asked_before = 0, False

    def body(self) -> ComposeResult:
        """Time limit, networks."""
        about = "It will be shut down in vCenter and moved." if self._live else "It goes on running; a copy of it is started."
        yield Static(f"{self._vm.vm_name}: {about}", classes="text", markup=False)
        with VerticalScroll(id="networks", can_focus=False):
            yield Field("All others", id="others", hint="id of a CloudStack network, or empty", check=network_problem, limit=100)
            if self._live:
                yield Field("Shut down within", id="seconds", value=str(SHUTDOWN_SECONDS), hint="seconds", check=seconds_problem, limit=4)

    def on_mount(self) -> None:
        """Which failover this is; the cursor in the first field."""
        self.query_one(TitleBar).tell(heading=f"{'Live' if self._live else 'Test'} failover")
        self.query_one("#others", Field).focus_input()

    async def load(self) -> None:
        """The networks that were mapped for this kind of failover; asked once, so that nothing typed is lost."""
        if self._asked_before:
            return
        stored = await self.console_app.agent.failover.networks(self._vm.context_id)
        self._asked_before = True
        for one in stored:
            if one.kind != ("production" if self._live else "test"):
                continue
            if one.source_network == EVERY_OTHER:
                self.query_one("#others", Field).value = one.target_network_id
            else:
                await self._field_for(one.source_network, one.target_network_id)

    async def _field_for(self, source: str, target: str = "") -> Field:
        key = next((key for key, one in self._sources.items() if one == source), "")
        if key:
            return self.query_one(f"#{key}", Field)
        key = f"network-{len(self._sources)}"
        self._sources[key] = source
        field = Field(source, id=key, value=target, hint="id of a CloudStack network", check=network_problem, limit=100)
        await self.query_one("#networks").mount(field, before="#others")
        return field

    async def action_add(self) -> None:
        """A field to type a source network's name in, and one for where it goes; one pair after the other."""
        if self._extra and not self._pair(self._extra)[0].value:
            self._pair(self._extra)[0].focus_input()
            return
        self._extra += 1
        name = Field("Source network", id=f"source-{self._extra}", hint="its name in vCenter", limit=500)
        target = Field("Goes to", id=f"target-{self._extra}", hint="id of a CloudStack network", check=network_problem, limit=100)
        await self.query_one("#networks").mount(name, target, before="#others")
        name.focus_input()

    def _pair(self, number: int) -> tuple[Field, Field]:
        return self.query_one(f"#source-{number}", Field), self.query_one(f"#target-{number}", Field)

    def _halves(self) -> list[Field]:
        """Fields of pairs of which only the other one was filled in; says so."""
        empty: list[Field] = []
        for source, target in map(self._pair, range(1, self._extra + 1)):
            if bool(source.value) != bool(target.value):
                half, text = (target, "Type where this network goes.") if source.value else (source, "Type which network goes there.")
                half.problem(text)
                empty.append(half)
        return empty

    def _chosen(self) -> dict[str, str]:
        chosen = {source: self.query_one(f"#{key}", Field).value for key, source in self._sources.items()}
        chosen |= {source.value: target.value for source, target in map(self._pair, range(1, self._extra + 1))}
        return {source: target for source, target in chosen.items() if source and target}

    def action_start(self) -> None:
        """Check the fields, then ask."""
        fields = list(self.query(Field))
        bad = [one for one in fields if not one.is_good()] or self._halves()
        if bad:
            bad[0].focus_input()
        else:
            self.once(self._start)

    async def _start(self) -> None:
        name, networks, others = self._vm.vm_name, self._chosen(), self.query_one("#others", Field).value
        question, consequences = self._action.asked(name)
        if self._live:
            seconds = self.query_one("#seconds", Field).value
            consequences += f"\n\nIf it has not shut down by itself after {seconds} s it is switched off."
        where = [f"{source} → {target}" for source, target in networks.items()] + [f"all others → {others or 'as configured'}"]
        consequences += "\n\nNetworks: " + "; ".join(where) + "."
        if not await self.confirmed(question, consequences, word=self._action.word(name)):
            return
        try:
            await self._send(networks, others)
        except Fault as error:
            await self._refused(error)
            return
        kind = "live" if self._live else "test"
        self.console_app.leave(self)
        self.console_app.say(f"The {kind} failover of {name} was started.", "good")

    async def _send(self, networks: dict[str, str], others: str) -> None:
        vm, failover = self._vm.context_id, self.console_app.agent.failover
        if self._live:
            seconds = int(self.query_one("#seconds", Field).value)
            await failover.failover_live(StartLive(vm=vm, networks=networks, network_id=others or None, shutdown_seconds=seconds))
        else:
            await failover.failover_test(StartTest(vm=vm, networks=networks, network_id=others or None))

    async def _refused(self, error: Fault) -> None:
        """A network without a place to go gets a field of its own; the refusal stands beside it."""
        network = str(error.fields.get("network", ""))
        if error.key in NO_PLACE and network:
            field = await self._field_for(network)
            field.problem(in_one_sentence(error))
            field.focus_input()
        else:
            self.say(in_one_sentence(error), "bad")
