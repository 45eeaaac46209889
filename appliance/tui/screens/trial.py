"""Settings on trial: what is left of their time, what they change, and what was verified meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from appliance.contract.network import KeepTrial, Network, Severity, Trial, TrialRef
from appliance.tui import words
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.network_plan import SEVERITIES, changes, finding_lines
from appliance.tui.widgets.big import Big, Countdown
from appliance.tui.widgets.facts import Fact, Facts

ON = "These settings are on trial. F8 keeps them, F9 reverts them; when the time is up they revert by themselves."
SETTLING = "Settling: the network is taking the settings. F8 keeps them as soon as they are verified, F9 reverts them."
CHECKING = "Checking: they are kept as soon as they are verified. F8 again keeps them without that, F9 reverts them, Esc waits no longer."
ABSENT = "The agent can't be reached at the moment. Nothing needs to be done: unless they are kept, the settings revert by themselves."
TIME_UP = "The time is up. The settings of before are being put back."

WRONG = "Keep these settings although something is wrong?"
EARLY = "Keep these settings before they are verified?"
LOOKING: Fact = ("wait", "it is being looked at", "warning")
ASKING: Fact = ("wait", "gateways and name servers are being asked", "warning")
UNHEARD = "The network has not answered yet whether it is reached with them."


class TrialScreen(ActingScreen):
    """A countdown that is the agent's own; right also when another console began, kept or reverted the trial."""

    NAME = "trial"
    HEADING = "Network on trial"
    HELP = (
        "The new settings are put in force. What the network has not taken yet is shown as such for some seconds; if it is still missing "
        "then, it is wrong. Check that everything is reached that should be (F6 tests it), then keep them with F8; pressed early, F8 waits "
        "until they are verified. F9 puts the old ones back at once; the same happens by itself when the time is up, also if this console "
        "or the appliance breaks down."
    )
    EVERY: ClassVar[float] = 1.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "keep", "Keep"),
        Binding("f9,ctrl+d", "revert", "Revert"),
        Binding("f6,ctrl+e", "tests", "Tests"),
        Binding("enter", "leave", "Back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._countdown = Countdown()
        self._trial: Trial | None = None
        self._over, self._told = "", ""
        self._to_keep = ""
        """The trial that is to be kept once it is verified."""

    def body(self) -> ComposeResult:
        """The countdown, how it stands, what changes, what was found."""
        yield Big(id="left")
        yield Static("", id="how", markup=False)
        with VerticalScroll(id="details"):
            yield Static("What changes", classes="heading", markup=False)
            yield Facts(id="changes")
            yield Static("What was verified", classes="heading", markup=False)
            yield Facts(id="findings", label_width=12)

    def on_mount(self) -> None:
        """Count on by ourselves where the agent says nothing; the arrow keys move through the details."""
        self.query_one("#details").focus()
        self.set_interval(0.5, self._draw)

    async def load(self) -> None:
        """The trial as the agent has it."""
        self._take(await self.console_app.agent.network.network())

    def _take(self, state: Network) -> None:
        if state.trial is not None:
            self._trial, self._over = state.trial, ""
            self._countdown.say(state.trial.seconds_left)
            self.query_one("#changes", Facts).show(change_facts(state))
            self.query_one("#findings", Facts).show(finding_facts(state.trial))
            if state.trial.id == self._to_keep and not state.trial.settling:
                self.once(self._keep)
        else:
            self._over = f"The trial is over: {state.outcome or 'the settings of before are in force'}. Esc leads back."
        self._draw()
        self.refresh_bindings()

    def _draw(self) -> None:
        left = self._countdown.left
        on = self._way_on(self._trial) if not self._countdown.silent else ABSENT if left else TIME_UP
        text = self._over or (on if self._trial else "")
        self.query_one(Big).show(words.countdown(left) if self._trial and not self._over else "")
        if text != self._told:
            self._told = text
            self.query_one("#how", Static).update(text)

    def _way_on(self, trial: Trial | None) -> str:
        if trial is None or not trial.settling:
            return ON
        return CHECKING if trial.id == self._to_keep else SETTLING

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to keep or revert when it is over."""
        return self._trial is not None and not self._over if action in ("keep", "revert") else True

    def action_tests(self) -> None:
        """Questions to the network."""
        from appliance.tui.screens.probes import ProbesScreen

        self.app.push_screen(ProbesScreen())

    def action_leave(self) -> None:
        """Back; while it is waited until the settings can be kept, only that is given up."""
        if self._is_waiting():
            self._wait_for("")
        else:
            super().action_leave()

    def action_keep(self) -> None:
        """Keep what is on trial, once it is verified."""
        self.once(self._keep)

    async def _keep(self) -> None:
        trial = self._trial
        if trial is None or self._over:
            return
        if trial.settling and not self._is_waiting():
            self._wait_for(trial.id)
            return
        if not trial.settling:
            self._wait_for("")
        question, why = doubt(trial)
        if question and not await self.confirmed(question, why):
            return
        ref = KeepTrial(trial_id=trial.id, anyway=bool(question))
        await self._ended(self.console_app.agent.network.keep_network(ref))

    def _is_waiting(self) -> bool:
        """Whether the trial is to be kept as soon as it is verified."""
        return self._trial is not None and not self._over and self._trial.id == self._to_keep

    def _wait_for(self, trial_id: str) -> None:
        self._to_keep = trial_id
        self._draw()

    def action_revert(self) -> None:
        """Back to what was kept."""
        self.once(self._revert)

    async def _revert(self) -> None:
        if self._trial is not None and not self._over:
            await self._ended(self.console_app.agent.network.revert_network(TrialRef(trial_id=self._trial.id)))

    async def _ended(self, work: Awaitable[Network]) -> None:
        state = await self.asking(work)
        if state is None:
            self.action_reload()
        else:
            self._take(state)


def doubt(trial: Trial) -> tuple[str, str]:
    """What is asked before settings are kept that are not known to be well, and why; nothing where they are (pure)."""
    doubtful = (Severity.ERROR, Severity.PENDING) if trial.settling else (Severity.ERROR,)
    why = finding_lines([one for one in trial.findings if one.severity in doubtful])
    if trial.settling:
        return EARLY, why or UNHEARD
    return (WRONG, why) if why else ("", "")


def change_facts(state: Network) -> list[Fact]:
    """What changes, old and new (pure)."""
    found = changes(state.kept, state.trial.plan) if state.trial else []
    return [(what, f"{old} → {new}") for what, old, new in found] or [("Nothing", "these are the settings that are kept")]


def finding_facts(trial: Trial) -> list[Fact]:
    """What was verified, the worst first, and what is still to be (pure)."""
    order = list(SEVERITIES)
    found = sorted(trial.findings, key=lambda one: order.index(one.severity))
    shown = [(SEVERITIES[one.severity], f"{one.interface}: {one.message}" if one.interface else one.message) for one in found]
    facts: list[Fact] = [(word, text, tone) for (word, tone), text in shown] or [LOOKING]
    return [*facts, ASKING] if trial.settling and found and not any(one.severity is Severity.PENDING for one in found) else facts
