"""What comes out at a real pty: only characters and sequences that the terminal has, whatever the agent's names hold."""

from __future__ import annotations

import asyncio
import re

import pytest

from appliance.contract.status import Failure
from appliance.contract.system import Level, LogEntry, LogPage
from appliance.tui.vt import terminal_for
from tests.tui import operation
from tests.tui.stand_in import NOW, status_of
from tests.tui.terminal import Site, entry, keys_of, site
from tests.tui.test_vt import NAMES

pytestmark = pytest.mark.lab

SEQUENCE = re.compile(r"\x1b(?:\[([?<=>]?)([0-9;]*)([ -/]*[@-~])|(.))", re.DOTALL)
UNFINISHED = re.compile(r"\x1b(\[[?<=>]?[0-9;]*)?$")
"""What has not come out whole yet."""

MODES = {"1049", "25", "2004", "7"}
"""Private modes: second screen, cursor, bracketed paste, wrapping. A terminal without one of them ignores it silently."""

STYLES = {0, 1, 4, 7, 22, 24, 27}
COLOURS = {*range(30, 38), *range(40, 48), *range(90, 98), 39, 49}
EVIL = list(NAMES.values())


def wrong_with(raw: bytes, term: str) -> set[str]:
    """Everything in an output that this terminal does not have."""
    terminal = terminal_for(term)
    found: set[str] = set()
    text = UNFINISHED.sub("", raw.decode())
    for private, parameters, final, other in SEQUENCE.findall(text):
        given = [int(one or 0) for one in parameters.split(";")]
        if other or not (
            (private == "" and final in "HJ")
            or (private == "?" and final in "hl" and parameters in MODES)
            or (private == "" and final == "m" and set(given) <= STYLES | (COLOURS if terminal.colours else set()))
            or (terminal.queries and (private, parameters, final) == ("?", "2026", "$p"))
        ):
            found.add(f"ESC {other or '[' + private + parameters + final}")
    plain = SEQUENCE.sub("", text)
    return found | {repr(one) for one in set(plain) - set("\r\n") if not terminal.shows(one)}


def evil() -> dict[str, object]:
    """An agent whose every text holds something that no terminal should get."""
    lines = [
        LogEntry(number=number, at=NOW, level=Level.ERROR, source=name[:12], message=f"log {name}") for number, name in enumerate(EVIL)
    ]
    failure = Failure(at=NOW, job_id="job-1", title=EVIL[9], message="".join(EVIL), guidance=EVIL[4])
    return {
        "status": status_of("oma", host_name=f"host{EVIL[9]}", name=EVIL[4], addresses=EVIL[:4], url=EVIL[9], last_failure=failure),
        "contexts": [operation.copying(number, vm_name=name, current_operation=name) for number, name in enumerate(EVIL)],
        "jobs": [operation.job(number, title=name, vm_name=name, current_operation=name) for number, name in enumerate(EVIL)],
        "logs": LogPage(entries=lines, last=99),
    }


async def walk(console: Site, term: str) -> str:
    """Idle screen, menu, VMs, jobs, logs; all that was to be read."""
    pty, keys = console.pty, keys_of(term)
    await pty.until("Addresses")
    await pty.press(keys["kf2"])
    await pty.until("What it is for")
    read = pty.text
    for down, title in (
        (0, "Virtual machines ("),
        (entry("jobs"), "Jobs ("),
        (entry("logs") - entry("jobs"), "New lines appear"),
    ):
        await pty.press(*[keys["kcud1"]] * down, b"\r")
        if title.startswith("New"):
            await pty.press(b"\x07")
        await pty.until(title)
        await pty.quiet(0.2) if "(" in title and "Jobs" not in title else await asyncio.sleep(0.5)
        read += pty.text
        await pty.press(b"\x1b", b"\x1b") if title.startswith("New") else await pty.press(b"\x1b")
        await pty.until("What it is for")
    return read


@pytest.mark.parametrize("term", ["linux", "vt220", "xterm-256color"])
async def test_hostile_names_come_out_harmless(term: str) -> None:
    async with site(evil(), term=term) as console:
        read = await walk(console, term)
        assert wrong_with(bytes(console.pty.raw), term) == set()
        assert "web" in read and "red" in read
        assert console.pty.screen.title == ""


@pytest.mark.parametrize("term", [None, "", "dumb", "unknown", "vt100", "ansi"])
async def test_a_terminal_that_is_not_known_gets_what_a_vt220_has(term: str | None) -> None:
    async with site(evil(), term=term, options=()) as console:
        await console.pty.until("Addresses")
        await console.pty.press(b"\x1b")
        assert await console.pty.ended() == 0
        assert wrong_with(bytes(console.pty.raw), "vt220") == set()


MEDDLING = {
    "COLUMNS": "200", "LINES": "7", "NO_COLOR": "1", "COLORTERM": "truecolor", "TEXTUAL_PRESS": "f12", "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TEXTUAL_LOG": "/nonexistent/x", "LANG": "C", "LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0",
}  # fmt: skip


async def test_the_caller_s_environment_changes_nothing() -> None:
    async with site(term="linux", **MEDDLING) as console:
        await console.pty.until("Fingerprint")
        await console.pty.quiet()
        assert wrong_with(bytes(console.pty.raw), "linux") == set()
        assert b"\x1b[1;97;44m" in console.pty.raw
        assert "Migration Appliance" in console.pty.screen.display[0] and "·".encode() in console.pty.raw
        assert "Set up" in console.pty.screen.display[-1]
