"""A real terminal for the real program: a pty, an emulator that shows what is on its screen, and an agent on a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pyte
from aiohttp import web

from appliance.tui.sections import sections_for
from tests.tui.stand_in import StandIn, common

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "appliance.tui")
PATIENCE = 60.0
OWN = ("setsid", "--ctty")


class Pty:
    """A pty with a program on it. `raw` has every byte that came out, `screen` what an emulator makes of them."""

    def __init__(self, columns: int = 80, lines: int = 25, *, emulated: bool = True) -> None:
        self.raw = bytearray()
        self.at = 0.0
        """When something came out last (monotonic seconds)."""
        self._emulated = emulated
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._outer, self._inner = os.openpty()
        self._size(columns, lines)
        self.before = termios.tcgetattr(self._inner)
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0
        """When the program was started (monotonic seconds)."""
        self._came = asyncio.Event()

    def start(self, argv: Sequence[str], term: str | None = "linux", session: Sequence[str] = OWN, **env: str) -> None:
        """Run a program with this terminal as its own; TERM is not set where it is None. Without `--ctty` no hang-up is told."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "PYTHONPATH")}
        given = {**kept, "LANG": "C.UTF-8", **({"TERM": term} if term is not None else {}), **env}
        ends = dict.fromkeys(("stdin", "stdout", "stderr"), self._inner)
        self.began = time.monotonic()
        self.process = subprocess.Popen([*session, *argv], cwd=ROOT, env=given, **ends)
        os.set_blocking(self._outer, False)
        asyncio.get_running_loop().add_reader(self._outer, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._outer, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._outer)
            return
        self.at = time.monotonic()
        self.raw += data
        if self._emulated:
            # pyte takes private parameters of SGR-like sequences for colours; no terminal does.
            self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]", b"", data))
        self._came.set()

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    async def until(self, holds: str | Callable[[], bool], within: float = PATIENCE) -> float:
        """Wait until a text is on the screen, or something holds; the seconds it took."""
        began = time.monotonic()
        while not (holds in self.text if isinstance(holds, str) else holds()):
            if time.monotonic() - began > within:
                raise AssertionError(f"not within {within} s: {holds}\n{self.text}")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def answer_time(self, key: bytes, state: Callable[[], object], within: float = PATIENCE) -> float:
        """Seconds from typing a key until `state` has become another one; to the output that made it so, not to when it was noticed."""
        before, began = state(), time.monotonic()
        await self.type(key)
        async with asyncio.timeout(within):
            while state() == before:
                self._came.clear()
                await self._came.wait()
        return self.at - began

    async def first(self, mark: bytes, within: float = PATIENCE) -> float:
        """Seconds from the program's start until these bytes have come out."""
        async with asyncio.timeout(within):
            while mark not in self.raw:
                self._came.clear()
                await self._came.wait()
        return self.at - self.began

    @property
    def marked_line(self) -> int:
        """The number of the line that the cursor of a list is on: the first below the title with a blue background."""
        return next((number for number in range(1, self.screen.lines) if self.screen.buffer[number][2].bg == "blue"), -1)

    async def quiet(self, seconds: float = 0.3, within: float = PATIENCE) -> None:
        """Wait until nothing has come out for a while."""
        await self.until(lambda: time.monotonic() - self.at > seconds, within)

    async def rested(self, within: float = PATIENCE) -> None:
        """Wait until the program has nothing to do any more."""
        began, used = time.monotonic(), -1.0
        while self.runs and self.cpu - used > 0.05:
            if time.monotonic() - began > within:
                raise AssertionError(f"still at work after {within} s")
            used = self.cpu
            await asyncio.sleep(0.5)

    async def press(self, *keys: bytes) -> None:
        """Type keys, each by itself."""
        for key in keys:
            await self.type(key)
            await asyncio.sleep(0.12)

    async def type(self, data: bytes) -> None:
        """Send bytes as fast as they are taken."""
        while data:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._outer, data) :]
            await asyncio.sleep(0)

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal another size."""
        self.screen.resize(lines, columns)
        self._size(columns, lines)

    async def look(self) -> None:
        """Emulate from now on: another size for a moment makes the program draw everything again."""
        columns, lines = self.screen.columns, self.screen.lines
        self._size(columns, lines + 1)
        await asyncio.sleep(0.3)
        self._emulated = True
        self._size(columns, lines)
        await asyncio.sleep(0.3)

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._inner, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """The line is gone."""
        asyncio.get_running_loop().remove_reader(self._outer)
        os.close(self._inner)
        os.close(self._outer)
        self._inner = self._outer = -1

    @property
    def is_as_before(self) -> bool:
        """Whether the terminal's settings are what they were before the program ran."""
        return termios.tcgetattr(self._inner) == self.before

    @property
    def runs(self) -> bool:
        """Whether the program is still there."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """A signal to the program."""
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self, within: float = PATIENCE) -> int:
        """Wait for the program's end; its exit code."""
        await self.until(lambda: not self.runs, within)
        assert self.process is not None
        return self.process.returncode

    @property
    def cpu(self) -> float:
        """Seconds of processor time that the program has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def wakes(self) -> int:
        """How often the program has stopped waiting: for a key, an answer or a time."""
        assert self.process is not None
        kept = (one / "status" for one in Path(f"/proc/{self.process.pid}/task").iterdir())
        return sum(int(line.split()[1]) for one in kept for line in one.read_text().splitlines() if line.startswith("voluntary"))

    @property
    def rss(self) -> int:
        """Bytes of memory that the program holds."""
        assert self.process is not None
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0

    def close(self) -> None:
        """End the program and give the pty back."""
        if self.process is not None:
            if self.runs:
                self.process.kill()
            self.process.wait()
        if self._outer >= 0:
            self.hang_up()


class ServedAgent:
    """A stand-in's answers on a Unix socket. `spoil` may answer (status, bytes) to a path in its place."""

    def __init__(self, stand_in: StandIn, path: Path) -> None:
        self.stand_in, self.path = stand_in, path
        self.spoil: Callable[[str], tuple[int, bytes] | None] = lambda path: None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to answer."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()

    async def stop(self) -> None:
        """As if it were killed."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None
        self.path.unlink(missing_ok=True)

    async def _answer(self, request: web.Request) -> web.Response:
        spoilt = self.spoil(request.path)
        if spoilt is not None:
            return web.Response(status=spoilt[0], body=spoilt[1])
        try:
            status, body = await self.stand_in.send(request.method, request.path, dict(request.query), await request.read() or None)
        except AssertionError:  # no answer for this one: as an agent that has a fault
            return web.Response(status=500)
        return web.Response(status=status, body=body, content_type="application/json")


class Site:
    """An agent and a console on a terminal."""

    def __init__(self, agent: ServedAgent, pty: Pty) -> None:
        self.agent, self.pty = agent, pty
        self.stand_in = agent.stand_in

    @property
    def argv(self) -> list[str]:
        """The program, as it would be started."""
        return [*PROGRAM, "--socket", str(self.agent.path)]


@contextlib.asynccontextmanager
async def site(
    answers: dict[str, object] | None = None,
    *,
    role: str = "oma",
    term: str | None = "linux",
    size: tuple[int, int] = (80, 25),
    options: Sequence[str] = ("--stay",),
    program: Sequence[str] = PROGRAM,
    agent_runs: bool = True,
    emulated: bool = True,
    session: Sequence[str] = OWN,
    **env: str,
) -> AsyncIterator[Site]:
    """The real program on a real terminal; everything ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="console-"))
    agent = ServedAgent(StandIn(role, common(role) | (answers or {})), folder / "api.sock")
    pty = Pty(*size, emulated=emulated)
    try:
        if agent_runs:
            await agent.start()
        pty.start([*program, "--socket", str(agent.path), *options], term, session, **env)
        yield Site(agent, pty)
    finally:
        pty.close()
        await agent.stop()
        shutil.rmtree(folder, ignore_errors=True)


def keys_of(term: str) -> dict[str, bytes]:
    """What the keys of a terminal send, by terminfo's names (`kf1`, `kcuu1`), as the system's terminfo says."""
    listing = subprocess.run(["infocmp", "-1", "-x", term], check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r"^\t(k\w+)=(.*),$", listing, re.MULTILINE))
    return {name: _unescaped(text) for name, text in found.items()}


def _unescaped(text: str) -> bytes:
    text = text.replace("\\E", "\x1b").replace("^?", "\x7f")
    return re.sub(r"\^(.)", lambda found: chr(ord(found[1]) & 0x1F), text).encode()


def entry(key: str, role: str = "oma") -> int:
    """How many entries of the menu stand above this one."""
    return [one.key for one in sections_for(role)].index(key)
