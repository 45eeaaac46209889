"""The console over SSH by keys: on and off, keys, password login."""

from __future__ import annotations

import pytest

from appliance.contract.access import RemoteConsole, SetRemoteConsole
from appliance.contract.errors import FaultSpec
from appliance.tui.app import Console
from appliance.tui.screens.remote import RemoteScreen, key_fingerprint, key_flaw, kind_and_comment, state_facts, who_may
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.form import Field
from tests.tui.opening import console_with, open_screen
from tests.tui.stand_in import StandIn
from tests.tui.vma_answers import KEY, RSA, remote

UNREADABLE = FaultSpec("remote_console.key_unreadable", 422, "Key 2 is not a public key.", "Copy the whole line.")


def site(state: RemoteConsole) -> tuple[Console, StandIn]:
    """A console, and an agent that does what it is asked."""
    now = [state]

    def change(body: SetRemoteConsole) -> RemoteConsole:
        now[0] = now[0].model_copy(update=body.model_dump())
        return now[0]

    return console_with("vma", remote_console=lambda: now[0], set_remote_console=change)


def asked(agent: StandIn) -> list[SetRemoteConsole]:
    """What the agent was asked to set."""
    return [one["body"] for one in agent.called("set_remote_console") if isinstance(one["body"], SetRemoteConsole)]


@pytest.mark.parametrize("enabled", [False, True])
async def test_it_is_turned_on_and_off_after_a_question(enabled: bool) -> None:
    app, agent = site(remote(enabled=enabled, running=enabled))
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, RemoteScreen())
        await pilot.press("f8", "escape")
        await pilot.pause(0.1)
        assert not asked(agent)
        await pilot.press("f8", "f8")
        await pilot.pause(0.2)
        assert asked(agent) == [SetRemoteConsole(enabled=not enabled, authorised_keys=[KEY], password_login=False)]


async def test_a_key_is_added_to_those_that_are_there() -> None:
    app, agent = site(remote())
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, RemoteScreen())
        await pilot.press("f7")
        await pilot.pause()
        app.screen.query_one("#key", Field).value = RSA
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert asked(agent)[0].authorised_keys == [KEY, RSA]
        assert isinstance(app.screen, RemoteScreen)


async def test_why_a_key_is_refused_stands_beside_it() -> None:
    app, agent = site(remote())
    agent.answers["set_remote_console"] = UNREADABLE()
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, RemoteScreen())
        await pilot.press("f7", *"abc", "f8")
        await pilot.pause(0.2)
        assert isinstance(app.screen, Ask)
        problem = app.screen.query_one("#key .problem")
        assert str(problem.render()) == f"{UNREADABLE.message} {UNREADABLE.guidance}"


async def test_the_key_under_the_cursor_is_removed_after_a_question() -> None:
    app, agent = site(remote(authorised_keys=[KEY, RSA]))
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, RemoteScreen())
        await pilot.press("down", "f9", "f8")
        await pilot.pause(0.2)
        assert asked(agent)[0].authorised_keys == [KEY]


async def test_login_by_password_is_allowed_after_a_question() -> None:
    app, agent = site(remote())
    async with app.run_test(size=(80, 25)) as pilot:
        await open_screen(pilot, RemoteScreen())
        await pilot.press("f6", "f8")
        await pilot.pause(0.2)
        assert asked(agent) == [SetRemoteConsole(enabled=False, authorised_keys=[KEY], password_login=True)]


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({}, "Whoever has the key listed here can use"),
        ({"authorised_keys": [KEY, RSA]}, "one of the 2 keys"),
        ({"password_login": True}, "the key listed here or knows the console's password"),
        ({"authorised_keys": []}, "Nobody could log in yet"),
    ],
)
def test_the_question_names_who_will_be_let_in(changes: dict[str, object], who: str) -> None:
    assert who in who_may(remote(**changes))


def test_the_command_to_log_in_with_names_another_port() -> None:
    facts = state_facts(remote(enabled=True, running=True, port=2222), ["192.0.2.10"])
    assert ("Log in with", "ssh -p 2222 console@192.0.2.10") in facts


@pytest.mark.parametrize(
    ("line", "shown"), [(KEY, ("ed25519", "alice@example.net")), (RSA, ("rsa", "bob")), ("nonsense", ("nonsense", ""))]
)
def test_a_key_is_named_by_its_kind_and_comment(line: str, shown: tuple[str, str]) -> None:
    assert kind_and_comment(line) == shown


@pytest.mark.parametrize(
    ("line", "print"), [(KEY, "SHA256:rxEi9c+mbdbj2+HO/YD6dtSfTFXFLWj+WLQ+4xI6PmQ"), ("nonsense", ""), ("ssh-rsa %%", "")]
)
def test_a_key_has_the_fingerprint_that_other_tools_show(line: str, print: str) -> None:
    assert key_fingerprint(line) == print


def test_a_private_key_is_not_sent_anywhere() -> None:
    assert "private key" in key_flaw("-----BEGIN OPENSSH PRIVATE KEY----- abc")
    assert not key_flaw(KEY)
