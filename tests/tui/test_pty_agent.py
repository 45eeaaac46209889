"""The console beside an agent that is absent, slow, killed or talks nonsense."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest

from tests.tui.operation import job
from tests.tui.terminal import Site, entry, keys_of, site

pytestmark = pytest.mark.lab

KEYS = keys_of("linux")
AWAY = "The agent does not answer"


async def test_an_absent_agent_is_told_and_then_found() -> None:
    async with site(agent_runs=False) as console:
        await console.pty.until("Migration Appliance")
        await console.pty.until(AWAY)
        await console.agent.start()
        await console.pty.until("Fingerprint")
        assert AWAY not in console.pty.text


async def test_a_killed_agent_is_told_and_forgotten_again_and_what_was_typed_is_kept() -> None:
    async with site() as console:
        pty = console.pty
        await pty.until("Fingerprint")
        await pty.press(KEYS["kf2"])
        await pty.until("What it is for")
        await pty.press(*[KEYS["kcud1"]] * entry("password"), b"\r")
        await pty.until("New password")
        await pty.press(*[bytes([one]) for one in b"abc"])
        await pty.until("•••")
        await console.agent.stop()
        await pty.until(AWAY)
        await pty.press(b"d")
        await pty.until("••••")
        await console.agent.start()
        await pty.until(lambda: AWAY not in pty.text)
        assert "••••" in pty.text and pty.runs


SLOW = 15.0
"""Seconds that the agent takes to answer."""


async def test_a_slow_agent_does_not_slow_the_keys() -> None:
    async with site() as console:
        pty = console.pty
        await pty.until("Fingerprint")
        await pty.press(KEYS["kf2"])
        await pty.until("What it is for")
        console.stand_in.delay = SLOW
        await pty.until("The agent is slow")
        for key, shown in ((KEYS["kf1"], "Help: Menu"), (KEYS["kf12"], "nothing of it")):
            await pty.type(key)
            if shown.startswith("Help"):
                assert await pty.until(shown) < SLOW
            await pty.press(b"\x1b")
            await pty.until(lambda: "Help: Menu" not in pty.text)
        console.stand_in.delay = 0.0
        await pty.until(lambda: "slow" not in pty.text)


async def test_what_is_typed_ahead_goes_to_the_screens_that_it_was_meant_for() -> None:
    """Nothing has been heard from the agent yet when all of it is typed: the menu is not there, and later it and the list have no lines."""
    jobs = [job(1, title="one", status="failed"), job(2, title="another", status="failed")]
    async with site({"jobs": lambda **_: jobs}) as console:
        await console.pty.until("Fingerprint")
        console.stand_in.delay = 0.5
        await console.pty.type(KEYS["kf2"] + KEYS["kcud1"] * entry("jobs") + b"\r" + KEYS["kcud1"] + b"\r")
        await console.pty.until("another")
        await console.pty.until(lambda: console.stand_in.called("job") != [])
        assert [one["job_id"] for one in console.stand_in.called("job")][:1] == [jobs[1].id]


GARBAGE: dict[str, tuple[int, bytes]] = {
    "500": (500, b"Internal Server Error"),
    "not JSON": (200, b"<html>"),
    "not UTF-8": (200, b"\xff\xfe\x00"),
    "nothing": (200, b""),
    "null": (200, b"null"),
    "a list": (200, b"[1, 2]"),
    "an error that is a list": (400, b"[]"),
    "an error that is a text": (400, b'{"error": "no"}'),
    "an error of other types": (409, b'{"error": {"key": 5, "message": null, "guidance": [1], "fields": "x", "cause": {}}}'),
    "an error without guidance": (404, b'{"error": {"key": "x", "message": "y"}}'),
    "a hostile error": (400, json.dumps({"error": {"key": "a.b", "message": "\x1b]0;x\x07{field}", "guidance": "%s {0}"}}).encode()),
    "a redirect": (302, b""),
    "no content": (204, b""),
    "another version": (200, b'{"name": "x", "something_new": {"a": 1}}'),
    "deep": (200, b"[" * 100_000),
    "a deep error": (400, b"[" * 100_000),
    "a huge number": (200, b'{"uptime": 1e999999}'),
}


async def test_nonsense_from_the_agent_is_a_notice() -> None:
    async with site() as console:
        pty = console.pty
        await pty.until("Fingerprint")
        await pty.press(KEYS["kf2"])
        await pty.until("What it is for")
        for name, answer in GARBAGE.items():
            console.agent.spoil = lambda path, answer=answer: answer  # type: ignore[misc]
            await pty.press(b"\x12", KEYS["kf12"])
            await pty.until("Switch the appliance off")
            await pty.press(b"\x1b")
            await pty.until("What it is for")
            assert pty.runs and "A screen had to be closed" not in pty.text, name
        await pty.until("answer that can't be used")
        console.agent.spoil = lambda path: None
        await pty.press(b"\x12")
        await pty.until("everything is well")
        assert console.stand_in.called("report") == []


async def test_the_idle_screen_takes_nonsense_too() -> None:
    async with site() as console:
        await console.pty.until("Fingerprint")
        answers = itertools.cycle(GARBAGE.values())
        console.agent.spoil = lambda path: next(answers)
        for _ in range(len(GARBAGE)):
            await console.pty.press(b"\x12")
        console.agent.spoil = lambda path: None
        await console.pty.press(b"\x12")
        await console.pty.until("Fingerprint")
        await console.pty.until(lambda: "can't be used" not in console.pty.text)
        assert console.stand_in.called("report") == []


async def whole(console: Site) -> None:
    """The idle screen is whole at 80 by 25."""
    await console.pty.until(lambda: "Fingerprint" in console.pty.text and "Set up" in console.pty.screen.display[24])
    assert console.pty.screen.display[0].rstrip().endswith("UTC")


async def test_resizing_to_anything_and_back() -> None:
    async with site() as console:
        await console.pty.until("Fingerprint")
        for columns, lines in ((40, 10), (1, 1), (300, 100), (2, 60), (200, 2), (80, 25)):
            console.pty.resize(columns, lines)
            await asyncio.sleep(0.25)
        await whole(console)
        for number in range(60):
            console.pty.resize(1 + number * 37 % 200, 1 + number * 13 % 60)
            await asyncio.sleep(0.005)
        console.pty.resize(80, 25)
        await asyncio.sleep(0.5)
        await whole(console)
        assert console.stand_in.called("report") == []


async def test_the_menu_at_40_by_10_can_be_worked_with() -> None:
    async with site(size=(40, 10)) as console:
        pty = console.pty
        await pty.until("Addresses")
        await pty.press(KEYS["kf2"])
        await pty.until("Section")
        await pty.press(*[KEYS["kcud1"]] * entry("power"))
        await pty.until("Power")
        await pty.press(b"\r")
        await pty.until("Restart the app")


async def test_a_line_that_tells_no_size_is_80_by_25_or_less() -> None:
    async with site(size=(80, 25)) as console:
        console.pty._size(0, 0)
        await console.pty.until("Fingerprint")
        await console.pty.until("Set up")
