"""What a failover needs to be told: where the adapters go and, for a live one, how long the source has to shut down."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from appliance.contract.checks import CheckState
from appliance.contract.clouds import Named
from appliance.contract.errors import Fault
from appliance.contract.failover import StartLive, StartTest
from appliance.contract.network_mappings import EVERY_OTHER, Kind, Landing, MappingTable, Origin, SourceNetwork
from appliance.contract.preflight import AskFailover, FailoverKind, Preflight
from appliance.contract.replications import VmContext
from appliance.tui.actions import LIVE, TEST
from appliance.tui.mapping_lines import PLACE_COLUMNS, called, landing, place_row, production_targets, target_text
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.form import Field, in_one_sentence
from appliance.tui.widgets.pick_one import PickOne
from appliance.tui.widgets.table import Listing

SHUTDOWN_SECONDS = 180
MEETS_PRODUCTION = "Production adapters go to {targets} too: the test machine can meet production machines there."


def seconds_problem(text: str) -> str:
    """What is wrong with the time to shut down (pure)."""
    good = text.isascii() and text.isdigit() and 1 <= int(text) <= 3600
    return "" if good else "Type a number of seconds from 1 to 3600."


class FailoverScreen(ActingScreen):
    """The networks with their targets, and the confirmation after them."""

    NAME = "failover"
    HEADING = "Failover"
    EVERY = 60.0
    HELP = (
        "Shows on which CloudStack networks the new machine is started, for each network of the source, and why it is this one. Enter "
        "chooses another one by name, for this failover alone; what is to stay is set on the page of the VM's networks, or in the network "
        "mappings of the menu. A test never uses the production network by itself. F8 looks whether everything is there, shows "
        "what will happen and asks; nothing is started before that."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "start", "Go on"),
        Binding("enter", "pick", "Choose network"),
    ]

    def __init__(self, vm: VmContext, *, live: bool) -> None:
        super().__init__()
        self._vm, self._live, self._action = vm, live, LIVE if live else TEST
        self._kind = Kind.PRODUCTION if live else Kind.TEST
        self._table: MappingTable | None = None
        self._picked: dict[str, Named] = {}

    def body(self) -> ComposeResult:
        """Networks, time limit."""
        about = "It will be shut down in vCenter and moved." if self._live else "It goes on running; a copy of it is started."
        yield Static(f"{self._vm.vm_name}: {about}", classes="text", markup=False)
        yield Listing(PLACE_COLUMNS, empty="It has no network adapter that is known.", id="places")
        if self._live:
            yield Field("Shut down within", id="seconds", value=str(SHUTDOWN_SECONDS), hint="seconds", check=seconds_problem, limit=4)

    def on_mount(self) -> None:
        """Which failover this is; the cursor in the networks."""
        self.query_one(TitleBar).tell(heading=f"{'Live' if self._live else 'Test'} failover")
        self.query_one("#places", Listing).focus()

    async def load(self) -> None:
        """Where its adapters go."""
        self._table = await self.console_app.agent.network_mappings.vm_mappings(self._vm.context_id)
        if self._table.problem:
            self.say(self._table.problem, "warning")
        self._show()

    @property
    def _networks(self) -> list[SourceNetwork]:
        """Those that the VM has an adapter on."""
        return [one for one in self._table.networks if one.vms and one.name != EVERY_OTHER] if self._table else []

    def _places(self) -> dict[str, Landing]:
        return {one.name: self._place(one) for one in self._networks}

    def _place(self, network: SourceNetwork) -> Landing:
        """What was picked here, else what is set."""
        picked = self._picked.get(network.name)
        if picked is None:
            return landing(network, self._kind)
        meets = not self._live and picked.id in production_targets(self._networks)
        state = CheckState.WARN if meets else CheckState.PASS
        return Landing(
            target_network_id=picked.id, target_network_name=picked.name, origin=Origin.REQUEST, mapping_id=None, state=state, note=""
        )

    def _show(self) -> None:
        self.query_one("#places", Listing).show([place_row(name, place) for name, place in self._places().items()])

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on one."""
        self.action_pick()

    def action_pick(self) -> None:
        """Another target for the network under the cursor."""
        self.once(self._pick)

    async def _pick(self) -> None:
        source = self.query_one("#places", Listing).chosen
        if source is None or self._table is None or self._table.config_id is None:
            return
        targets = await self.asking(self.console_app.agent.network_mappings.mapping_targets(config_id=self._table.config_id))
        if targets is None:
            return
        options = [(one.id, one.name, one.detail) for one in targets]
        now = self._places()[source].target_network_id or ""
        picked = await self.app.push_screen_wait(PickOne(f"Where does the adapter on {called(source)} go?", options, now))
        if picked is not None:
            self._picked[source] = next(one for one in targets if one.id == picked)
            self._show()

    def action_start(self) -> None:
        """Look whether everything is there, then ask."""
        self.once(self._start)

    def _is_complete(self) -> bool:
        """Every adapter has a place, and the time is a time; else the cursor goes to what is wrong."""
        bad = next((name for name, place in self._places().items() if place.state is CheckState.FAIL), None)
        if bad is not None:
            listing = self.query_one("#places", Listing)
            listing.focus()
            listing.go_to(bad)
            self.say(f"Choose a network for {called(bad)}: press Enter on it.", "error")
            return False
        seconds = [one for one in self.query(Field) if not one.is_good()]
        for one in seconds:
            one.focus_input()
        return not seconds

    async def _start(self) -> None:
        if self._table is None or not self._is_complete():
            return
        from appliance.tui.screens.preflight import PreflightScreen

        about = f"{'Move' if self._live else 'Test'} of {self._vm.vm_name}"
        self.app.push_screen(PreflightScreen(about, self._look, lambda: self.once(self._confirm)))

    async def _look(self) -> Preflight:
        kind = FailoverKind.LIVE if self._live else FailoverKind.TEST
        networks, unnamed = self._said()
        asked = AskFailover(vm=self._vm.context_id, kind=kind, networks=networks, network_id=unnamed)
        return await self.console_app.agent.preflight.preflight_failover(asked)

    async def _confirm(self) -> None:
        name = self._vm.vm_name
        question, consequences = self._action.asked(name)
        if not await self.confirmed(question, f"{consequences}{self._details()}", word=self._action.word(name)):
            return
        try:
            await self._send()
        except Fault as error:
            self.say(in_one_sentence(error), "error")
            self.action_reload()
            return
        self.console_app.leave(self)
        self.console_app.say(f"The {'live' if self._live else 'test'} failover of {name} was started.", "success")

    def _details(self) -> str:
        """The time limit, the networks by name, and what is to be known of them."""
        places = self._places()
        parts = []
        if self._live:
            seconds = self.query_one("#seconds", Field).value
            parts.append(f"If it has not shut down by itself after {seconds} s it is switched off.")
        if places:
            parts.append("Networks: " + "; ".join(f"{called(name)} → {target_text(place)}" for name, place in places.items()) + ".")
        meeting = dict.fromkeys(place.target_network_name for place in places.values() if place.state is CheckState.WARN)
        if meeting:
            parts.append(MEETS_PRODUCTION.replace("{targets}", ", ".join(meeting)))
        return "".join(f"\n\n{part}" for part in parts)

    async def _send(self) -> None:
        """Only what was picked here is said: the rest is as it is set when the failover starts."""
        vm, failover = self._vm.context_id, self.console_app.agent.failover
        networks, unnamed = self._said()
        if self._live:
            seconds = int(self.query_one("#seconds", Field).value)
            await failover.failover_live(StartLive(vm=vm, networks=networks, network_id=unnamed, shutdown_seconds=seconds))
        else:
            await failover.failover_test(StartTest(vm=vm, networks=networks, network_id=unnamed))

    def _said(self) -> tuple[dict[str, str], str | None]:
        """What was picked here, by source network; and for adapters on a network without a name."""
        return {name: one.id for name, one in self._picked.items() if name}, self._picked[""].id if "" in self._picked else None
