"""The console over SSH: on or off, and who may log in."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract.access import RemoteConsole, SetRemoteConsole
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.facts import Fact, Facts
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.table import Column, Listing, Row

LONGEST_KEY = 4096


class RemoteScreen(RecordsScreen[str]):
    """How it stands above, the keys in a list below."""

    NAME = "remote"
    HEADING = "Console over SSH"
    HELP = (
        "Lets this same console be reached over SSH, and nothing else: no commands, no files, no forwarding. "
        "It is off until it is turned on. "
        "Add the public keys of those who may use it, as the line in their file that ends in .pub. "
        "Who logs in for the first time is asked to compare a fingerprint: it is one of those shown here. "
        "When it is turned off, or a key is removed, the sessions that are open end."
    )
    EVERY = 3.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "add", "Add key"),
        Binding("f9,ctrl+d", "remove", "Remove key"),
        Binding("f6,ctrl+e", "password", "Password"),
        Binding("f8,ctrl+s", "switch", "On/off"),
    ]
    COLUMNS: ClassVar = (Column("Kind", 12), Column("Comment"), Column("Fingerprint", 50))
    EMPTY = "No key yet; press F7 to add one."

    def __init__(self) -> None:
        super().__init__()
        self._state: RemoteConsole | None = None

    def body(self) -> ComposeResult:
        """How it stands, then the keys."""
        yield Facts(id="state")
        yield Listing(self.COLUMNS, empty=self.EMPTY, id="records")
        yield Facts(id="chosen")

    async def load(self) -> None:
        """All of it."""
        self._state = state = await self.console_app.agent.remote_console.remote_console()
        addresses = self.console_app.status.addresses if self.console_app.status else []
        self.query_one("#state", Facts).show(state_facts(state, addresses))
        self.show_records(keyed(state.authorised_keys, lambda line: line))

    def row(self, key: str, record: str) -> Row:
        """One line a key."""
        kind, comment = kind_and_comment(record)
        return Row(key, (kind, comment, key_fingerprint(record)))

    def facts(self, record: str) -> list[Fact]:
        """What the list may cut."""
        return [("Key's fingerprint", key_fingerprint(record)), ("Comment", kind_and_comment(record)[1])]

    def action_switch(self) -> None:
        """On, or off."""
        self.once(self._switch)

    def action_password(self) -> None:
        """Login by password, or no longer."""
        self.once(self._password)

    def action_remove(self) -> None:
        """The key under the cursor."""
        if self.chosen is not None:
            self.once(partial(self._remove, self.chosen))

    def action_add(self) -> None:
        """Ask for a key."""
        state = self._state
        if state is None:
            return

        async def add(typed: Mapping[str, str]) -> None:
            self._state = await self.console_app.agent.remote_console.set_remote_console(
                asked(state, authorised_keys=[*state.authorised_keys, typed["key"]])
            )

        field = Field("Public key", id="key", hint="ssh-ed25519 AAAA… name", limit=LONGEST_KEY, check=key_flaw)
        text = "Paste the line of the public key's file, which ends in .pub."
        self.app.push_screen(Ask("Add a key", text, [field], add), self._added)

    def _added(self, done: bool | None) -> None:
        if done:
            self.say("The key was added.")
            self.action_reload()

    async def _switch(self) -> None:
        state = self._state
        if state is None:
            return
        if state.enabled:
            question, done = "Turn the console over SSH off?", "The console over SSH is off."
            consequences = f"Nobody can log in any more; {_sessions(state.sessions)}. If you use it over SSH now, you are logged out."
        else:
            question, done = "Turn the console over SSH on?", "The console over SSH is on."
            consequences = f"Port {state.port} of this appliance is opened. {who_may(state)}"
        if await self.confirmed(question, consequences):
            await self._set(state, done, enabled=not state.enabled)

    async def _password(self) -> None:
        state = self._state
        if state is None:
            return
        if state.password_login:
            question, done = "Stop login by password?", "Only keys are let in."
            consequences = f"Only who has one of the keys can log in. {'Sessions that are open end.' if state.sessions else ''}"
        else:
            question, done = "Allow login by password?", "The console's password lets in over SSH."
            consequences = "Whoever knows the console's password can log in over SSH without a key. Keys are safer."
        if await self.confirmed(question, consequences.strip()):
            await self._set(state, done, password_login=not state.password_login)

    async def _remove(self, key: str) -> None:
        state = self._state
        if state is None:
            return
        kind, comment = kind_and_comment(key)
        consequences = f"{kind} {comment}\n{key_fingerprint(key)}\n\nIts owner can't log in with it any more; {_sessions(state.sessions)}."
        if await self.confirmed("Remove this key?", consequences):
            await self._set(state, "The key was removed.", authorised_keys=[one for one in state.authorised_keys if one != key])

    async def _set(self, state: RemoteConsole, done: str, **changes: object) -> None:
        await self.attempt(self.console_app.agent.remote_console.set_remote_console(asked(state, **changes)), done)


def asked(state: RemoteConsole, **changes: object) -> SetRemoteConsole:
    """What to ask for: everything as it is, but for the changes (pure)."""
    kept = {"enabled": state.enabled, "authorised_keys": state.authorised_keys, "password_login": state.password_login}
    return SetRemoteConsole.model_validate(kept | changes)


def state_facts(state: RemoteConsole, addresses: list[str]) -> list[Fact]:
    """The lines above the keys (pure)."""
    on: Fact = ("State", "off", "")
    if state.enabled:
        on = ("State", f"on, port {state.port}", "good") if state.running else ("State", "on, but not running yet", "warning")
    shown: list[Fact] = [on]
    if state.problem:
        shown.append(("Problem", state.problem, "bad"))
    if state.enabled and addresses:
        port = "" if state.port == 22 else f" -p {state.port}"
        shown.append(("Log in with", f"ssh{port} console@{addresses[0]}"))
    shown.append(("Password login", "yes" if state.password_login else "no"))
    shown.append(("Sessions open", str(state.sessions)))
    shown.append(("Host fingerprints", "\n".join(state.host_keys) or "made when it is first turned on"))
    return shown


def who_may(state: RemoteConsole) -> str:
    """Who can log in once it is on (pure)."""
    count = len(state.authorised_keys)
    keys = f"has {'the key' if count == 1 else f'one of the {count} keys'} listed here" if count else ""
    password = "knows the console's password" if state.password_login else ""
    ways = " or ".join(one for one in (keys, password) if one)
    return (
        f"Whoever {ways} can use this console from there." if ways else "Nobody could log in yet: add a key first, or allow the password."
    )


def key_flaw(text: str) -> str:
    """What is plainly wrong with a line; the rest is for the agent (pure)."""
    if not text:
        return "Paste the line of a public key; it begins with its kind, for example ssh-ed25519."
    if "PRIVATE KEY" in text:
        return "This is a private key; keep it to yourself. Paste the line of the file that ends in .pub."
    return ""


def kind_and_comment(line: str) -> tuple[str, str]:
    """The kind of a key, shortened, and its comment (pure)."""
    kind, _, rest = line.partition(" ")
    return kind.removeprefix("ssh-").removeprefix("sk-ssh-").partition("@")[0], words.cut(rest.partition(" ")[2], 200)


def key_fingerprint(line: str) -> str:
    """As `ssh-keygen -l` shows it; empty where the line is none of a key (pure)."""
    try:
        content = base64.b64decode(line.split()[1], validate=True)
    except (IndexError, binascii.Error):
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _sessions(count: int) -> str:
    if not count:
        return "no session is open"
    return "the session that is open ends" if count == 1 else f"the {count} sessions that are open end"
