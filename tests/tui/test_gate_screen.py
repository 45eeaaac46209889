"""The vendor's shell by keys: challenge, answer, refusals, the way in, the password."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from textual.app import App
from textual.events import Paste
from textual.widgets import Input, Static, TextArea

from appliance.contract.errors import Fault, FaultSpec
from appliance.contract.gate import Gate, GateState, Opened, OpenGate
from appliance.contract.vendor import answer_text
from appliance.tui.app import Console
from appliance.tui.screens.gate import GateScreen
from appliance.tui.widgets.answer import looked_over
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.notice import Notice
from tests.tui.opening import console_with, open_screen
from tests.tui.snapshots import settled
from tests.tui.stand_in import StandIn
from tests.tui.vma_answers import gate

ANSWER = answer_text(bytes(range(64)))
WRONG = FaultSpec("gate.answer_wrong", 403, "This is not the vendor's answer to the challenge that is shown.", "Read the challenge again.")
PASSWORD = FaultSpec("gate.password_wrong", 403, "The password of the vendor's shell is wrong.", "Type it again.")
TOO_MANY = FaultSpec("tries.wait", 429, "There were too many wrong tries: the next one is taken in 30 seconds.", "Wait that long.")


class Vendor:
    """A gate at the agent: shows a challenge, takes an answer, keeps count."""

    def __init__(self, refusal: Fault | None = None, **changes: object) -> None:
        self.state, self.refusal, self.changes = GateState.CLOSED, refusal, dict(changes)

    def now(self) -> Gate:
        """How it stands."""
        return gate(self.state, **self.changes)

    def challenge(self) -> Gate:
        """One is shown."""
        self.state = GateState.CHALLENGE
        return self.now()

    def open(self, body: OpenGate) -> Opened:
        """Right, unless it is to be refused."""
        if self.refusal:
            raise self.refusal
        self.state = GateState.OPEN
        return Opened(ticket=SecretStr("ticket-1"), socket="/run/shell.sock", seconds=60.0)

    def close(self) -> Gate:
        """Closed."""
        self.state = GateState.CLOSED
        return self.now()

    def console(self) -> tuple[Console, StandIn]:
        """A console that talks to it."""
        answers = {"gate": self.now, "challenge": self.challenge, "open_gate": self.open, "close_gate": self.close}
        return console_with("vma", **answers, set_gate_password=lambda body: self.now())


def note(app: App[str]) -> str:
    """What stands below the answer."""
    return str(app.screen.query_one(".note", Static).content)


def sentence(app: App[str]) -> str:
    """What the screen says about the gate."""
    return str(app.screen.query_one("#state", Static).content)


async def test_a_challenge_is_answered_by_pasting_and_the_shell_is_entered() -> None:
    vendor, entered = Vendor(), list[tuple[Path, str]]()
    app, agent = vendor.console()

    async def enter(_: App[str], path: Path, ticket: str) -> str:
        entered.append((path, ticket))
        vendor.state = GateState.CLOSED
        return "The shell was left."

    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen(enter))
        await pilot.press("f7")
        await settled(pilot)
        assert app.screen.query_one(TextArea).has_focus
        app.screen.query_one(TextArea).post_message(_paste("\r\n".join(ANSWER.splitlines())))
        await pilot.pause(0.1)
        assert note(app) == "The answer is complete; press F8."
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert agent.called("open_gate")[0]["body"] == OpenGate(answer=ANSWER, password=SecretStr(""))
        assert "Press F8 to enter the shell" in sentence(app)
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert entered == [(Path("/run/shell.sock"), "ticket-1")]
        assert str(app.screen.query_one(Notice).content) == "The shell was left."
        assert sentence(app).startswith("Closed.")


async def test_an_answer_is_typed_in_groups_with_enter_for_a_new_line() -> None:
    app, agent = Vendor().console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f7")
        await settled(pilot)
        for line in ANSWER.lower().splitlines()[:2]:
            await pilot.press(*("space" if one == " " else one for one in line), "enter")
        assert note(app) == "32 of 112 letters and digits; no mistake so far."
        assert not agent.called("open_gate")


async def test_a_refused_answer_is_told_beside_it_with_the_tries_left() -> None:
    vendor = Vendor(WRONG(), tries_left=3)
    app, _ = vendor.console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f7")
        await settled(pilot)
        await pilot.press("x", "f8")
        await pilot.pause(0.2)
        assert note(app) == f"{WRONG.message} {WRONG.guidance} 3 tries left."
        assert app.screen.query_one(TextArea).text == "x"


async def test_a_wrong_password_is_told_beside_its_field() -> None:
    app, agent = Vendor(PASSWORD(), password_required=True, tries_left=1).console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f7")
        await settled(pilot)
        await pilot.press("x", "f8")
        await pilot.pause(0.1)
        assert not agent.called("open_gate"), "the password is missing"
        await pilot.press(*"secret", "f8")
        await pilot.pause(0.2)
        body = agent.called("open_gate")[0]["body"]
        assert isinstance(body, OpenGate)
        assert body.password.get_secret_value() == "secret"
        field = app.screen.query_one("#password", Field)
        assert field.value == ""
        assert "1 try left" in str(field.query_one(".problem", Static).content)


async def test_after_too_many_wrong_answers_the_wait_is_counted_down() -> None:
    vendor = Vendor(TOO_MANY())
    app, _ = vendor.console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f7")
        await settled(pilot)
        vendor.state = GateState.WAITING
        await pilot.press("x", "f8")
        await pilot.pause(0.2)
        assert "in 0:59" in sentence(app)
        assert not app.screen.query_one(TextArea).parent.display  # type: ignore[union-attr]


async def test_without_a_vendors_key_there_is_nothing_to_press() -> None:
    vendor = Vendor()
    vendor.state = GateState.ABSENT
    app, agent = vendor.console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f7", "f8", "f9", "f4")
        await pilot.pause(0.1)
        assert {name for name, _ in agent.calls} <= {"status", "setup", "network", "gate"}


async def test_a_shell_that_runs_is_ended_only_after_a_question() -> None:
    vendor = Vendor()
    vendor.state = GateState.RUNNING
    app, agent = vendor.console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f9")
        await pilot.pause(0.1)
        assert not agent.called("close_gate")
        await pilot.press("f8")
        await pilot.pause(0.1)
        assert len(agent.called("close_gate")) == 1


async def test_a_password_is_set_when_both_fields_agree() -> None:
    app, agent = Vendor().console()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, GateScreen())
        await pilot.press("f4", "enter", *"long enough", "enter", *"other", "f8")
        await pilot.pause(0.1)
        assert not agent.called("set_gate_password")
        app.screen.query_one("#again", Field).query_one(Input).value = "long enough"
        await pilot.press("f8")
        await pilot.pause(0.2)
        assert len(agent.called("set_gate_password")) == 1
        assert isinstance(app.screen, GateScreen)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The answer has 7 lines"),
        (ANSWER[:19], "16 of 112 letters and digits; no mistake so far."),
        (ANSWER[:10], "8 of 112"),
        (ANSWER[:18] + ("0" if ANSWER[18] != "0" else "1"), "Line 1 is not right yet"),
        (ANSWER.replace("\n", " ").lower(), "complete"),
    ],
)
def test_an_answer_is_looked_over_as_it_grows(text: str, says: str) -> None:
    assert says in looked_over(text)[0]


def _paste(text: str) -> Paste:
    return Paste(text)
