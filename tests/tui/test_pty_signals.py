"""No key and no signal leaves the console, and nothing that is typed breaks it."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest

from appliance.contract.errors import FORBIDDEN
from tests.tui.stand_in import set_up
from tests.tui.terminal import PROGRAM, Site, keys_of, site

pytestmark = pytest.mark.lab

TERMS = ("linux", "vt220", "xterm-256color")
STUBBORN = {
    "Ctrl-C": b"\x03", "Ctrl-Z": b"\x1a", "Ctrl-backslash": b"\x1c", "Ctrl-X": b"\x18", "Ctrl-Q": b"\x11", "Ctrl-D": b"\x04",
    "Ctrl-S": b"\x13", "Esc": b"\x1b", "Esc twice": b"\x1b\x1b", "Alt-F4": b"\x1b\x1b[14~", "Alt-x": b"\x1bx", "Ctrl-]": b"\x1d",
    "NUL": b"\x00", "DEL": b"\x7f", "CSI": b"\x9b", "not UTF-8": b"\xff\xfe\xc3", "half a key": b"\x1b[1;", "focus lost": b"\x1b[O",
    "a size": b"\x1b[48;99999;99999;1;1t", "a mouse": b"\x1b[<0;3;3M", "a key of code 2**31": b"\x1b[2147483648;1u",
}  # fmt: skip


async def still_right(console: Site, help_key: bytes = b"\x07") -> None:
    """The program runs, answers a key, and its screen is whole; nothing was shown that is not its own."""
    pty = console.pty
    assert pty.runs
    for _ in range(6):
        await pty.press(b"\x1b")
    await pty.until("Addresses")
    await pty.press(help_key)
    await pty.until("Help: Migration Appliance")
    await pty.press(b"\x1b")
    await pty.until(lambda: "Help: Migration" not in pty.text)
    await pty.quiet()
    assert "Fingerprint" in pty.text and "Set up" in pty.screen.display[-1]
    assert b"Traceback" not in pty.raw and "$" not in pty.text


def ignores(console: Site, number: signal.Signals) -> bool:
    assert console.pty.process is not None
    status = Path(f"/proc/{console.pty.process.pid}/status").read_text()
    return bool(int(status.partition("SigIgn:")[2].split()[0], 16) >> (number - 1) & 1)


async def test_no_key_leaves_it() -> None:
    async with site() as console:
        await console.pty.until("Addresses")
        for name, key in STUBBORN.items():
            await console.pty.press(key)
            assert console.pty.runs, name
        await still_right(console)


@pytest.mark.parametrize("term", TERMS)
async def test_function_keys_as_the_terminal_spells_them(term: str) -> None:
    async with site(term=term) as console:
        keys = keys_of(term)
        await console.pty.until("Addresses")
        await console.pty.press(keys["kf12"])
        await console.pty.until("Restart the appliance")
        await console.pty.press(keys["kf1"])
        await console.pty.until("Help: Power")
        await console.pty.press(b"\x1b")
        await console.pty.until(lambda: "Help: Power" not in console.pty.text)
        await console.pty.press(b"\x1b")
        await console.pty.until("Fingerprint")
        await console.pty.press(keys["kf2"])
        await console.pty.until("Virtual machines")
        await console.pty.press(keys["kcud1"], keys["kcud1"], keys["kcuu1"], keys["kf10"])
        await console.pty.until("Fingerprint")


@pytest.mark.parametrize(("seed", "length"), [(1, 20_000), (2, 4_000), (3, 4_000)])
async def test_noise_on_the_line(seed: int, length: int) -> None:
    noise = random.Random(seed)
    starts = (b"\x1b[", b"\x1bO", b"\x1b[<", b"\x1b[?", b"\x1b]", b"\x1b[200~", b"\x1b[48;")
    junk = b"".join(noise.choice(starts) + noise.randbytes(noise.randrange(12)) for _ in range(200))
    locked: dict[str, object] = {"setup": set_up(password=True), "unlock": FORBIDDEN()} if seed > 1 else {"power": None}
    async with site(locked, term=TERMS[seed % 3], emulated=False) as console:
        await asyncio.sleep(1.0)
        await console.pty.type(noise.randbytes(length - len(junk)) + junk)
        await console.pty.rested()
        await console.pty.look()
        await still_right(console)
    asked = {name for name, _ in console.stand_in.calls}
    assert console.stand_in.called("report") == [], "a screen has crashed"
    assert seed == 1 or asked <= {"status", "setup", "network", "jobs", "health", "unlock"}, "past the password"


async def test_signals_that_do_nothing() -> None:
    async with site() as console:
        await console.pty.until("Addresses")
        for name in ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGTTIN", "SIGTTOU", "SIGCONT"):
            console.pty.send(signal.Signals[name])
            await asyncio.sleep(0.1)
            assert console.pty.runs, name
        await still_right(console)


async def test_stopped_and_continued_from_outside_it_draws_itself_again() -> None:
    async with site() as console:
        await console.pty.until("Addresses")
        await console.pty.quiet()
        console.pty.send(signal.SIGSTOP)
        await asyncio.sleep(0.2)
        console.pty.screen.reset()
        console.pty.send(signal.SIGCONT)
        await console.pty.until("Fingerprint")
        await still_right(console)


async def test_signals_while_it_starts_do_nothing() -> None:
    async with site() as console:
        await console.pty.until(lambda: ignores(console, signal.SIGUSR1))
        for number in range(20):
            await asyncio.sleep(0.02)
            console.pty.send((signal.SIGUSR1, signal.SIGINT)[number % 2])
        await console.pty.until("Addresses")
        await still_right(console)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_it_ends_when_the_system_says_so_and_gives_the_terminal_back(number: signal.Signals) -> None:
    async with site() as console:
        await console.pty.until("Addresses")
        console.pty.send(number)
        assert await console.pty.ended() == 0
        await console.pty.quiet(0.1)
        assert console.pty.is_as_before
        assert not console.pty.screen.cursor.hidden
        assert console.pty.text.strip() == ""


async def test_it_ends_though_nobody_takes_what_it_draws() -> None:
    async with site() as console:
        await console.pty.until("Addresses")
        asyncio.get_running_loop().remove_reader(console.pty._outer)
        for _ in range(400):
            await console.pty.type(b"\x07\x1b[21~")
        await asyncio.sleep(1.0)
        console.pty.send(signal.SIGTERM)
        await console.pty.ended()


async def test_it_ends_when_its_line_is_gone() -> None:
    async with site() as console:
        await console.pty.until("Addresses")
        console.pty.hang_up()
        await console.pty.ended()


async def test_it_ends_when_its_line_is_gone_and_no_signal_tells_it() -> None:
    async with site(session=("setsid",)) as console:
        await console.pty.until("Addresses")
        console.pty.hang_up()
        await console.pty.ended()


async def test_esc_leaves_only_where_it_may_be_left() -> None:
    async with site(options=()) as console:
        await console.pty.until("Addresses")
        await console.pty.press(b"\x1b")
        assert await console.pty.ended() == 0
        assert console.pty.is_as_before


async def test_without_a_terminal_it_says_so() -> None:
    program = await asyncio.create_subprocess_exec(*PROGRAM, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE)
    said, _ = await program.communicate()
    assert program.returncode == 1 and said == b"The console needs a terminal.\n"
