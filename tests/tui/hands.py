"""What an operator does at the console, and a network that answers as the agent's does."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot

from appliance.contract import network
from appliance.contract.errors import FaultSpec
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.notice import Notice
from tests.tui.snapshots import settled
from tests.tui.stand_in import network_state

CHANGED = FaultSpec("network.changed_meanwhile", 409, "The network settings were changed meanwhile.", "Look at them as they are now.")
SETTLING = FaultSpec("network.settling", 409, "The network is still taking the settings on trial.", "Keep them in some seconds.")
OVER = FaultSpec("network.trial_over", 409, "That trial is over.", "Look at the settings as they are now.")


async def press(pilot: Pilot[object], *keys: str) -> None:
    """One after the other, each once the one before has been dealt with."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def paste(pilot: Pilot[object], name: str, text: str) -> None:
    """Put a text into a field, as a terminal pastes it."""
    field = pilot.app.screen.query_one(f"#{name}", Field)
    field.value = ""
    field.focus_input()
    await pilot.pause()
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(events.Paste(text))
    await settled(pilot)


def problem(pilot: Pilot[object], name: str) -> str:
    """What stands below a field; nothing where that is not seen."""
    shown = pilot.app.screen.query_one(f"#{name}", Field).query_one(".problem")
    return str(shown.content) if shown.display else ""  # type: ignore[attr-defined]


def notice(pilot: Pilot[object]) -> str:
    """The line of news."""
    return str(pilot.app.screen.query_one(Notice).content)


def screen_text(pilot: Pilot[object]) -> str:
    """Everything that is on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def screen_name(pilot: Pilot[object]) -> str:
    """Which screen is seen."""
    screen = pilot.app.screen
    return screen.NAME if isinstance(screen, ConsoleScreen) else type(screen).__name__


def finding(interface: str, field: str, message: str, severity: str = "error") -> network.Finding:
    """What the agent says of a field."""
    return network.Finding(interface=interface, field=field, severity=network.Severity(severity), message=message)


class Nets:
    """The network's answers: settings that can be tried, kept and reverted; `findings` are what every check says."""

    def __init__(self) -> None:
        self.state, self.findings = network_state(), list[network.Finding]()
        self.tried: list[network.StartTrial] = []

    def answers(self) -> dict[str, object]:
        """For a stand-in."""
        return {
            "network": lambda: self.state,
            "check_network": lambda body: self.findings,
            "try_network": self.try_network,
            "keep_network": self.keep_network,
            "revert_network": lambda body: self.end("reverted by the operator"),
        }

    def try_network(self, body: network.StartTrial) -> network.Trial:
        """As the agent does."""
        self.tried.append(body)
        if body.revision != self.state.revision:
            raise CHANGED()
        trial = network.Trial(id=f"trial-{len(self.tried)}", plan=body.plan, seconds_left=93.0, findings=[])
        self.state = self.state.model_copy(update={"trial": trial})
        return trial

    def keep_network(self, body: network.KeepTrial) -> network.Network:
        """As the agent does."""
        if self.state.trial is not None and self.state.trial.settling and not body.anyway:
            raise SETTLING()
        return self.end("kept", keep=True)

    def turns(self, **changes: object) -> None:
        """The trial that is on becomes so."""
        assert self.state.trial is not None
        self.state = self.state.model_copy(update={"trial": self.state.trial.model_copy(update=changes)})

    def end(self, outcome: str, *, keep: bool = False) -> network.Network:
        """The trial ends."""
        trial = self.state.trial
        if trial is None:
            raise OVER()
        update: dict[str, object] = {"trial": None, "outcome": outcome}
        if keep:
            update |= {"kept": trial.plan, "revision": f"after {trial.id}"}
        self.state = self.state.model_copy(update=update)
        return self.state
