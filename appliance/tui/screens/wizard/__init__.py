"""The first set-up, step by step. Its place is kept by the agent, so that it goes on after a power cut where it was."""

from __future__ import annotations

from appliance.contract.setup import Stage
from appliance.tui.screens.base import ConsoleScreen


def next_step(stage: Stage, role: str) -> ConsoleScreen:
    """The screen of a step. Steps are imported when they come."""
    if stage is Stage.WELCOME:
        from appliance.tui.screens.wizard.welcome import WelcomeStep

        return WelcomeStep()
    if stage is Stage.NETWORK:
        from appliance.tui.screens.wizard.network import NetworkStep

        return NetworkStep()
    if stage is Stage.PAIRING:
        from appliance.tui.screens.wizard.pairing import pairing_step

        return pairing_step(role)
    from appliance.tui.screens.wizard.done import DoneStep

    return DoneStep()
