"""The appliance's own network: what is, what is kept, what was changed here, and how the last trial ended."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.network import Network, Severity, StartTrial
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.network_list import actions, facts, is_removable, known, parents, rows
from appliance.tui.screens.network_plan import Draft, change_lines, changes, finding_lines, without
from appliance.tui.widgets.dialog import Choose, Tell
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.table import Column, Listing

COLUMNS = (
    Column("Interface", 10), Column("Link", 8), Column("Speed", 9), Column("Set", 11), Column("Addresses"), Column("Change", 7),
    Column("Gateway", 16, needs=120), Column("MTU", 5, needs=100), Column("VLAN", 12, needs=120), Column("MAC", 17, needs=100),
)  # fmt: skip

TRYING = (
    "The settings are in force at once. Unless they are kept within two minutes they revert by themselves. "
    "Connections to this appliance, and this console if it comes over the network, can be cut off meanwhile."
)
STALE = "The settings were changed from another console. What was changed here can't be tried any more; F4 forgets it."


class NetworkScreen(ActingScreen):
    """Interfaces in a list; changes are collected here, and tried together."""

    NAME = "network"
    HEADING = "Network"
    HELP = (
        "Enter changes the settings of the chosen interface, F4 everything else: the appliance's name, name servers and time servers, "
        "and VLANs. Changes are collected and tried together with F8: they are in force for two minutes and then revert by themselves "
        "unless they are kept. So nobody is shut out by a wrong address. F6 tests the network."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "edit", "Edit"),
        Binding("f4,ctrl+t", "actions", "Actions"),
        Binding("f6,ctrl+e", "tests", "Tests"),
        Binding("f8,ctrl+s", "try", "Try"),
        Binding("f9,ctrl+d", "remove", "Remove VLAN", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._draft = Draft()
        self._state: Network | None = None
        self._opened = ""

    def body(self) -> ComposeResult:
        """The whole, then the interfaces."""
        yield Facts(id="facts")
        yield Listing(COLUMNS, empty="No interface was found.", id="interfaces")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """The network; a trial that is on is shown at once."""
        self._take(await self.console_app.agent.network.network())

    def _take(self, state: Network) -> None:
        self._state = state
        self.follow(state)
        self.query_one(Facts).show(self.lines(state))
        self.query_one(Listing).show(rows(state, self._draft))
        if state.trial and state.trial.id != self._opened and self.is_current:
            self._open_trial(state.trial.id)

    def follow(self, state: Network) -> None:
        """Take up what is kept now."""
        self._draft.follow(state)

    def lines(self, state: Network) -> list[Fact]:
        """The lines above the list."""
        return facts(state, self._draft)

    def _open_trial(self, trial_id: str) -> None:
        from appliance.tui.screens.trial import TrialScreen

        self._opened = trial_id
        self.app.push_screen(TrialScreen())

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on an interface."""
        from appliance.tui.screens.network_edit import InterfaceScreen

        if self._state and event.row_key.value:
            name = event.row_key.value
            self.app.push_screen(InterfaceScreen(self._draft, name, known(self._state, name)))

    def action_tests(self) -> None:
        """Questions to the network."""
        from appliance.tui.screens.probes import ProbesScreen

        self.app.push_screen(ProbesScreen())

    def action_actions(self) -> None:
        """Everything that can be done now."""
        self.once(self._act)

    async def _act(self) -> None:
        if self._state is None:
            return
        chosen = await self.app.push_screen_wait(Choose("Network", actions(self._state, self._draft, self._chosen())))
        if chosen == "general":
            from appliance.tui.screens.network_general import GeneralScreen

            self.app.push_screen(GeneralScreen(self._draft))
        elif chosen == "vlan":
            from appliance.tui.screens.network_vlan import VlanScreen

            self.app.push_screen(VlanScreen(self._draft, parents(self._state)))
        elif chosen == "remove":
            await self._remove()
        elif chosen == "forget":
            self._forget()
        elif chosen == "try":
            await self._try()

    def _chosen(self) -> str:
        return self.query_one(Listing).chosen or ""

    def action_remove(self) -> None:
        """Remove the chosen VLAN."""
        self.once(self._remove)

    async def _remove(self) -> None:
        name, state = self._chosen(), self._state
        if state is None or not is_removable(state, self._draft, name):
            self.say("Only VLANs, and interfaces that are no longer there, can be removed. Enter sets an interface to off.", "warning")
            return
        if await self.confirmed(f"Remove {name}?", f"{name} and its addresses go. It is in force only after it was tried with F8."):
            self._draft.plan = without(self._draft.plan, name)
            self._take(state)

    def _forget(self) -> None:
        if self._state is not None:
            self._draft.forget(self._state)
            self._take(self._state)
            self.say("The changes are forgotten.")

    async def may_forget(self) -> bool:
        """Whether the screen may be left: changes that were not tried are lost."""
        if not self._draft.changed:
            return True
        lost = change_lines(changes(self._draft.base, self._draft.plan))
        return await self.confirmed("Forget the changes that were not tried?", lost)

    def action_leave(self) -> None:
        """Back, unless there are changes to be lost."""
        self.once(self._leave)

    async def _leave(self) -> None:
        if await self.may_forget():
            self.console_app.leave(self)

    def action_try(self) -> None:
        """Put the changed settings in force for a while."""
        self.once(self._try)

    async def _try(self) -> None:
        state, draft = self._state, self._draft
        if state is None or self.show_trial():
            return
        if not draft.changed:
            self.say("Nothing was changed here. Enter changes the chosen interface, F4 everything else.", "warning")
        elif draft.is_stale(state):
            self.say(STALE, "error")
        elif await self._is_wanted():
            wanted = StartTrial(plan=draft.plan, revision=draft.revision)
            trial = await self.asking(self.console_app.agent.network.try_network(wanted))
            self.action_reload()
            if trial is not None:
                draft.tried = trial.plan
                if trial.id != self._opened:  # it may have been seen before the answer came
                    self._open_trial(trial.id)

    def show_trial(self) -> bool:
        """Open the trial's screen where a trial is on; whether one is."""
        if self._state is None or self._state.trial is None:
            return False
        self._open_trial(self._state.trial.id)
        return True

    async def _is_wanted(self) -> bool:
        """Have everything checked once more, and ask."""
        draft = self._draft
        findings = await self.asking(self.console_app.agent.network.check_network(draft.plan))
        if findings is None:
            return False
        if wrong := [one for one in findings if one.severity is Severity.ERROR]:
            await self.app.push_screen_wait(Tell("These settings can't be tried", finding_lines(wrong)))
            return False
        warnings = finding_lines([one for one in findings if one.severity is Severity.WARNING])
        parts = (change_lines(changes(draft.base, draft.plan)), warnings and f"Look again at this:\n{warnings}", TRYING)
        return await self.confirmed("Try these settings?", "\n\n".join(part for part in parts if part))
