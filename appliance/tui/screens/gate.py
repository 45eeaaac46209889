"""The vendor's shell: its challenge, the answer, and the way in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from pydantic import SecretStr
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.gate import Gate, GateState, Opened, OpenGate
from appliance.tui import words
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.gate_password import ask_password
from appliance.tui.screens.gate_words import progress, sentence, spaced
from appliance.tui.shell import relay
from appliance.tui.widgets.answer import AnswerField
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.form import Field, in_one_sentence

Relay = Callable[[App[str], Path, str], Awaitable[str]]
"""Brings this terminal to the shell behind a socket, with a ticket; answers the sentence why it ended."""

LONGEST_PASSWORD = 256


async def enter_shell(app: App[str], path: Path, ticket: str) -> str:
    """The screens step back while the shell has the terminal. The loop goes on meanwhile, so that the system can still end the console."""
    try:
        with app.suspend():
            return await asyncio.to_thread(relay, path, ticket)
    except SuspendNotSupported:
        return "This terminal can't show a shell. Open it at the appliance's own screen."


class GateScreen(ConsoleScreen):
    """What can be done depends on how the gate stands; F8 goes on with it."""

    NAME = "gate"
    HEADING = "Vendor shell"
    HELP = (
        "A shell on this appliance for the vendor's support, and nobody else. It is closed until the vendor opens it. "
        "When support asks for it, press F7 and read the challenge to them; they read back an answer of seven lines. "
        "Type it, with or without spaces, or paste it, then press F8. Each line is checked as it is typed. "
        "A typing mistake costs no try; after five wrong answers there is a growing wait. "
        "An answer opens one shell, once. The shell ends after 15 minutes without a key, after two hours, or with F9. "
        "F4 sets a password that is asked for besides. Challenges, openings, refusals and ends are kept in the audit log."
    )
    EVERY = 1.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "challenge", "Challenge"),
        Binding("f8,ctrl+s", "go_on", "Go on"),
        Binding("f9,ctrl+d", "close", "Close it"),
        Binding("f4,ctrl+t", "more", "Password"),
    ]

    def __init__(self, enter: Relay = enter_shell) -> None:
        super().__init__()
        self._enter = enter
        self._gate: Gate | None = None
        self._opened: Opened | None = None

    def body(self) -> ComposeResult:
        """A sentence, the challenge, the fields."""
        yield Static("", id="state", classes="text", markup=False)
        yield Static("", id="challenge", markup=False)
        yield AnswerField(id="answer")
        yield Field("Password", id="password", secret=True, limit=LONGEST_PASSWORD)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        for name in ("#challenge", "#answer", "#password"):
            self.query_one(name).display = False

    async def load(self) -> None:
        """How it stands."""
        self.show_gate(await self.console_app.agent.gate.gate())

    def show_gate(self, gate: Gate) -> None:
        """The sentence, and the fields while an answer is awaited."""
        before, self._gate = self._gate, gate
        if gate.state not in (GateState.OPEN, GateState.RUNNING):
            self._opened = None
        self.query_one("#state", Static).update(sentence(gate, ours=self._opened is not None))
        shown = gate.state is GateState.CHALLENGE
        challenge, answer, password = self.query_one("#challenge", Static), self._answer, self.query_one("#password", Field)
        challenge.display = answer.display = shown
        password.display = shown and gate.password_required
        if before is None or before.challenge != gate.challenge:
            challenge.update(spaced(gate.challenge))
            answer.clear()
            password.value = ""
            if shown:
                answer.focus_input()
        if before is None or before.state is not gate.state:
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now is among the keys."""
        state = self._gate.state if self._gate else GateState.ABSENT
        possible = {
            "challenge": state in (GateState.CLOSED, GateState.CHALLENGE),
            "go_on": state is GateState.CHALLENGE or (state is GateState.OPEN and self._opened is not None),
            "close": state in (GateState.CHALLENGE, GateState.OPEN, GateState.RUNNING),
            "more": state is not GateState.ABSENT,
        }
        return possible.get(action, True)

    def action_challenge(self) -> None:
        """Have one made and shown."""
        self.once(self._challenge)

    def action_go_on(self) -> None:
        """Send the answer, or go into the shell."""
        if self._opened is None:
            self.once(self._send)
        else:
            # Of the console, not of this screen: what has the terminal must not be cut off when a screen goes.
            self.app.run_worker(self._go_in(self._opened), name="shell", group="shell")
            self._opened = None

    def action_close(self) -> None:
        """Close it; a shell that runs is ended only after a question."""
        self.once(self._close)

    def action_more(self) -> None:
        """Set, change or remove the password."""
        required = self._gate is not None and self._gate.password_required
        known = [("set", "Change the password"), ("remove", "Remove the password")]
        self.app.push_screen(Choose("Password of the vendor's shell", known if required else [("set", "Set a password")]), self._chosen)

    def _chosen(self, what: str | None) -> None:
        if what is not None:
            required = self._gate is not None and self._gate.password_required
            ask_password(self, self.console_app.agent.gate, required=required, remove=what == "remove")

    @property
    def _answer(self) -> AnswerField:
        return self.query_one(AnswerField)

    async def _challenge(self) -> None:
        if self._answer.text and not await self.confirmed(
            "Make a new challenge?", "The challenge that is shown is void then, and so is an answer to it."
        ):
            return
        gate = await self.attempt(self.console_app.agent.gate.challenge())
        if gate is not None:
            self.say("")
            self.show_gate(gate)

    async def _send(self) -> None:
        password = self.query_one("#password", Field)
        if not self._answer.text.strip():
            self._answer.problem("Type the answer that the vendor's support reads to you.")
            return
        if password.display and not password.value:
            password.problem("Type the password of the vendor's shell.")
            password.focus_input()
            return
        self._answer.problem("Checking …", "warning")
        try:
            body = OpenGate(answer=self._answer.text, password=SecretStr(password.value if password.display else ""))
            opened = await self.console_app.agent.gate.open_gate(body)
        except Fault as error:
            await self._refused(error)
            return
        self._answer.problem("")
        self._opened = opened
        self.say(f"The vendor's answer is right. Press F8 within {words.span(opened.seconds)} to enter the shell.")
        self.action_reload()

    async def _refused(self, error: Fault) -> None:
        """Beside the field it is about, with the tries that are left."""
        text, password = in_one_sentence(error), self.query_one("#password", Field)
        try:
            gate = await self.console_app.agent.gate.gate()
        except Fault:
            gate = None
        if gate is not None and gate.state is not GateState.CHALLENGE:
            self.say(text, "error")
            self.show_gate(gate)
            return
        if gate is not None:
            self.show_gate(gate)
            text = f"{text} {progress(gate.tries_left)}"
        self._answer.problem("" if error.key == "gate.password_wrong" else text)
        if error.key == "gate.password_wrong":
            password.value = ""
            password.problem(text)
            password.focus_input()

    async def _go_in(self, opened: Opened) -> None:
        console = self.console_app
        ended = await self._enter(console, Path(opened.socket), opened.ticket.get_secret_value())
        console.say(ended, "warning")
        self.action_reload()

    async def _close(self) -> None:
        running = self._gate is not None and self._gate.state is GateState.RUNNING
        if running and not await self.confirmed("End the vendor's shell?", "The shell and everything that was started in it end at once."):
            return
        gate = await self.attempt(self.console_app.agent.gate.close_gate(), "The vendor's shell is closed.")
        if gate is not None:
            self.show_gate(gate)
