"""Restart and switch off."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.contract.errors import Fault
from appliance.contract.system import AskMachine, PowerAction
from appliance.tui.screens.base import ConsoleScreen

ACTIONS = {
    PowerAction.RESTART_AGENT: ("Restart the agent", "The agent ends and is started again within seconds; this console stays."),
    PowerAction.RESTART: ("Restart the appliance", "The machine restarts; it is back after about a minute."),
    PowerAction.OFF: ("Switch the appliance off", "The machine stays off until somebody switches it on again."),
}


class PowerScreen(ConsoleScreen):
    """What can be restarted or switched off, and which jobs are under way."""

    NAME = "power"
    HEADING = "Power"
    HELP = (
        "Choose what to restart or switch off. Jobs that are running stop where they are and go on by themselves after the start. "
        "Once a console password is set it is asked for here, too."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Choose", show=True)]

    def body(self) -> ComposeResult:
        """The choices, and what is under way."""
        yield OptionList(*[Option(title, id=action.value) for action, (title, _) in ACTIONS.items()], compact=True, markup=False)
        yield Static("", id="jobs", markup=False)

    async def load(self) -> None:
        """How many jobs are running."""
        try:
            running = await self.console_app.agent.jobs.jobs(active=True)
        except Fault:
            self.query_one("#jobs", Static).update("It is not known which jobs are running.")
            raise
        names = "".join(f"\n  {job.title}: {job.current_operation or job.status}" for job in running[:8])
        self.query_one("#jobs", Static).update(f"{len(running)} jobs are running.{names}" if running else "No job is running.")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """One was chosen: ask, then do it."""
        self.run_worker(self._do(PowerAction(event.option_id or "")), name="power", group="power", exclusive=True)

    async def _do(self, action: PowerAction) -> None:
        from appliance.tui.entrance import let_in

        title, consequences = ACTIONS[action]
        if not await let_in(self.console_app):
            return
        if await self.confirmed(f"{title}?", f"{consequences} Running jobs stop where they are and go on by themselves afterwards."):
            await self.attempt(self.console_app.agent.system.power(AskMachine(action=action)), "It is being done.")
