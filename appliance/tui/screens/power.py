"""Restart and switch off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.jobs import Job
from appliance.contract.system import AskMachine, PowerAction
from appliance.tui import words
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.form import in_one_sentence

ACTIONS = {
    PowerAction.RESTART_AGENT: ("Restart the agent", "The agent ends and is started again within seconds; this console stays."),
    PowerAction.RESTART: ("Restart the appliance", "The machine restarts; it is back after about a minute."),
    PowerAction.OFF: ("Switch the appliance off", "The machine stays off until somebody switches it on again."),
}
DONE = {
    PowerAction.RESTART_AGENT: "The agent restarts; this console goes on when it answers again.",
    PowerAction.RESTART: "The appliance restarts.",
    PowerAction.OFF: "The appliance is being switched off.",
}
ABSENT = (
    "The agent does not answer, so nothing can be restarted or switched off from here now. It is started again by itself; try again in a "
    "minute. If it stays away, restart this machine where it runs, in CloudStack or vCenter."
)
SHOWN = 8
"""Jobs that are named."""


class PowerScreen(ConsoleScreen):
    """What can be restarted or switched off, and which jobs are under way."""

    NAME = "power"
    HEADING = "Power"
    HELP = (
        "Choose what to restart or switch off. Jobs that are running stop where they are and go on by themselves after the start. "
        "Once a console password is set it is asked for here, too. While the agent does not answer, nothing can be done from here."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Choose", show=True)]

    def __init__(self) -> None:
        super().__init__()
        self._under_way: Sequence[Job] | None = None

    def body(self) -> ComposeResult:
        """The choices, and what is under way."""
        yield OptionList(*[Option(title, id=action.value) for action, (title, _) in ACTIONS.items()], compact=True, markup=False)
        yield Static("", id="jobs", classes="text", markup=False)

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(OptionList).focus()

    async def load(self) -> None:
        """Which jobs are running."""
        self._under_way = None
        try:
            self._under_way = await self.console_app.agent.jobs.jobs(active=True)
        except Fault as error:
            self._tell(ABSENT if error.key == UNREACHABLE.key else "It is not known which jobs are running.")
            raise
        self._tell(under_way(self._under_way))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """One was chosen: ask, then do it."""
        self.once(partial(self._do, PowerAction(event.option_id or "")))

    async def _do(self, action: PowerAction) -> None:
        from appliance.tui.entrance import let_in

        app = self.console_app
        try:
            app.setup_state = await app.agent.setup.setup()
        except Fault as error:
            self.say("Nothing was done: the agent does not answer." if error.key == UNREACHABLE.key else in_one_sentence(error), "error")
            return
        title, _ = ACTIONS[action]
        if await let_in(app, password_set=app.setup_state.password_set) and await self.confirmed(
            f"{title}?", consequences(action, self._under_way)
        ):
            await self.attempt(app.agent.system.power(AskMachine(action=action)), DONE[action])

    def _tell(self, text: str) -> None:
        self.query_one("#jobs", Static).update(text)


def under_way(running: Sequence[Job]) -> str:
    """The lines about running jobs (pure)."""
    if not running:
        return "No job is running."
    first = "One job is running." if len(running) == 1 else f"{len(running)} jobs are running."
    more = f"\n  and {len(running) - SHOWN} more" if len(running) > SHOWN else ""
    return first + "".join(f"\n  {name_of(job)}" for job in running[:SHOWN]) + more


def consequences(action: PowerAction, running: Sequence[Job] | None) -> str:
    """What will happen, to the machine and to jobs; `running` is None where that is not known (pure)."""
    jobs = "Running jobs, if there are any, stop where they are and go on by themselves afterwards."
    if running is not None:
        jobs = f"{under_way(running)}\nThey stop where they are and go on by themselves afterwards." if running else under_way(running)
    return f"{ACTIONS[action][1]}\n\n{jobs}"


def name_of(job: Job) -> str:
    """A job and what it does now (pure)."""
    return f"{job.title}: {job.current_operation or words.OUTCOMES.get(job.status, job.status)}"
