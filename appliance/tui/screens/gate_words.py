"""What the screen of the vendor's shell says; pure."""

from __future__ import annotations

from rich.text import Text

from appliance.contract.gate import Gate, GateState
from appliance.tui import words


def sentence(gate: Gate, *, ours: bool) -> str:
    """How the gate stands and what to do; `ours`: this console holds the ticket."""
    if gate.state is GateState.ABSENT:
        return (
            "Absent: no vendor's key is built into this appliance, so nobody can open a shell on it.\n\n"
            "For the vendor's help make a support bundle."
        )
    if gate.state is GateState.CLOSED:
        besides = "\n\nBesides the vendor's answer a password is asked for; F4 changes or removes it." if gate.password_required else ""
        return f"Closed.\n\nWhen the vendor's support asks for it, press F7 and read them the challenge that is shown.{besides}"
    if gate.state is GateState.CHALLENGE:
        left = words.countdown(gate.challenge_seconds)
        return f"Read this to the vendor's support. Valid for {left}. {progress(gate.tries_left)}"
    if gate.state is GateState.WAITING:
        left = words.countdown(gate.wait_seconds)
        return f"Closed after too many wrong answers.\n\nThe next challenge can be made in {left}. A restart does not shorten the wait."
    if gate.state is GateState.OPEN:
        what = "Press F8 to enter the shell" if ours else "Another console may enter the shell"
        return f"Open for one shell.\n\n{what} within {words.countdown(gate.open_seconds)}. F9 closes it."
    return f"A shell is running at a console.\n\nIt ends in {words.countdown(gate.open_seconds)} at the latest. F9 ends it now."


def progress(tries_left: int) -> str:
    """How many wrong answers are still free."""
    if tries_left <= 0:
        return "After a wrong answer there is a wait."
    return f"{tries_left} {'try' if tries_left == 1 else 'tries'} left."


def spaced(challenge: str) -> Text:
    """The challenge in wide groups, to be read out."""
    rows = [[" ".join(group) for group in row.split()] for row in challenge.splitlines()]
    return Text("\n".join("    ".join(row) for row in rows), "bold bright_white", justify="center", no_wrap=True)
