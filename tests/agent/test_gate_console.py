"""The console's end of the shell, under a real pseudo-terminal."""

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from gate_site import Site

from appliance.agent.gate.gate import Gate
from appliance.agent.gate.limits import Limits
from appliance.agent.gate.processes import started_by
from appliance.core.store import Store


@pytest.fixture
def site(store: Store) -> Iterator[Site]:
    made = Site(store)
    yield made
    made.remove()


class Terminal:
    """A terminal with a console on it."""

    def __init__(self) -> None:
        self.fd, self.other = pty.openpty()
        os.set_blocking(self.fd, False)
        self.resize(25, 80)
        self.before = termios.tcgetattr(self.other)
        self.screen = b""

    async def start(self, path: Path, ticket: str) -> None:
        program = str(Path(__file__).with_name("gate_console.py"))
        environment = {**os.environ, "TERM": "linux"}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, program, str(path), ticket, stdin=self.other, stdout=self.other, stderr=self.other, env=environment
        )

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    async def see(self, text: str) -> str:
        async with asyncio.timeout(60):
            while text.encode() not in self.screen:
                try:
                    self.screen += os.read(self.fd, 65536)
                except BlockingIOError:
                    await asyncio.sleep(0.02)
        return self.screen.decode(errors="replace")

    @property
    def is_as_before(self) -> bool:
        return termios.tcgetattr(self.other) == self.before

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        os.close(self.fd)
        os.close(self.other)


@pytest.fixture
async def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    await made.close()


async def enter(site: Site, gate: Gate, terminal: Terminal) -> None:
    ticket = await gate.open(await site.right_answer(gate), "")
    await terminal.start(ticket.socket, ticket.ticket)
    await terminal.see("$ " if os.geteuid() else "# ")


async def test_a_session_at_the_console_from_its_first_key_to_its_end(site: Site, terminal: Terminal) -> None:
    gate = site.gate()
    await enter(site, gate, terminal)
    assert not terminal.is_as_before
    terminal.type("echo T''ERM=$TERM; stty size\r")
    assert "TERM=linux" in await terminal.see("25 80")
    terminal.resize(40, 120)
    await asyncio.sleep(0.4)
    terminal.type("stty size\r")
    await terminal.see("40 120")
    terminal.type("exit\r")
    await terminal.see("[The shell was left.]")
    assert await terminal.process.wait() == 0 and terminal.is_as_before
    await gate.stop()


async def test_keys_that_would_end_a_program_end_nothing_but_what_is_in_front(site: Site, terminal: Terminal) -> None:
    gate = site.gate()
    await enter(site, gate, terminal)
    terminal.type("sleep 60\r")
    await asyncio.sleep(0.2)
    terminal.type("\x1a\x03\x1c\x13\x11")
    terminal.type("echo st''ill here; kill -9 %1\r")
    await terminal.see("still here")
    await gate.close()
    await terminal.see("[The shell was ended because its gate was closed.]")


async def test_a_time_that_is_over_is_told_and_the_terminal_is_as_before(site: Site, terminal: Terminal) -> None:
    site.limits = Limits(grace=0.3, idle=0.7)
    gate = site.gate()
    await enter(site, gate, terminal)
    terminal.type("stty raw; tput civis\r")
    await terminal.see("[The shell was ended because no key was typed for 1 second.]")
    await terminal.process.wait()
    assert terminal.is_as_before and terminal.screen.rindex(b"\x1b[?25h") > 0


async def test_a_large_paste_that_is_echoed_goes_through(site: Site, terminal: Terminal) -> None:
    gate = site.gate()
    await enter(site, gate, terminal)
    terminal.type("stty raw -echo; (sleep 0.5; head -c 200000) | tee /dev/tty | wc -c; stty sane; echo do''ne\r")
    await asyncio.sleep(0.3)
    left = b"x" * 200000
    async with asyncio.timeout(60):
        while left:
            try:
                left = left[os.write(terminal.fd, left) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
            with contextlib.suppress(BlockingIOError):
                terminal.screen += os.read(terminal.fd, 65536)
    screen = await terminal.see("done")
    assert "200000" in screen and screen.count("x") >= 200000
    await gate.close()


async def test_a_killed_console_ends_the_shell(site: Site, terminal: Terminal) -> None:
    gate = site.gate()
    await enter(site, gate, terminal)
    terminal.process.send_signal(signal.SIGKILL)
    async with asyncio.timeout(60):
        while started_by(site.appliance_id) or (await gate.state()).state != "closed":
            await asyncio.sleep(0.05)
    assert (await site.events())[-1][2].startswith("console gone")


async def test_without_an_open_shell_a_sentence_says_so(site: Site, terminal: Terminal) -> None:
    await terminal.start(site.folder / "shell.sock", "x")
    await terminal.see("[The shell is not open any more.]")
    await terminal.process.wait()
    assert terminal.is_as_before


async def test_a_wrong_ticket_gets_the_reason(site: Site, terminal: Terminal) -> None:
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    await terminal.start(ticket.socket, "not-the-ticket")
    await terminal.see("[This is not the ticket that the shell was opened for.]")
    await gate.close()
