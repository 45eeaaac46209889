"""One shell on a pseudo-terminal: what it is started with, its relay, its limits, and its end with all it has started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
from collections.abc import Coroutine, Sequence
from enum import StrEnum
from pathlib import Path

from appliance.agent.gate.entrance import Guest, send
from appliance.agent.gate.limits import Limits, span
from appliance.agent.gate.processes import MARK, end_all
from appliance.agent.gate.terminal import Terminal
from appliance.contract.shell import FrameProblem, Frames, Kind, read_size
from appliance.core.commands import Child, Children

OWNER = "shell/"

_CHUNK = 1 << 16
_FAREWELL_LIMIT = 1.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Ending(StrEnum):
    """Why a shell ended: it was left, its console went, no key was typed, its time was over, the gate was closed, the agent stops."""

    LEFT = "left"
    GONE = "console gone"
    IDLE = "idle"
    TOTAL = "time over"
    CLOSED = "closed"
    STOPPED = "agent stops"

    def sentence(self, limits: Limits) -> str:
        """What the console shows."""
        return {
            Ending.LEFT: "The shell was left.",
            Ending.GONE: "The console was disconnected from the shell.",
            Ending.IDLE: f"The shell was ended because no key was typed for {span(limits.idle)}.",
            Ending.TOTAL: f"The shell was ended because it may be open for {span(limits.total)} and no longer.",
            Ending.CLOSED: "The shell was ended because its gate was closed.",
            Ending.STOPPED: "The shell was ended because the appliance's agent stops.",
        }[self]


def command(shell: Sequence[str], appliance_id: str, term: str) -> list[str]:
    """The shell in a session of its own, with the terminal it is started on, and nothing of the agent's environment."""
    user = pwd.getpwuid(os.geteuid())
    environment = {
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "SHELL": shell[0],
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "TERM": term,
        MARK: appliance_id,
    }
    folder = user.pw_dir if Path(user.pw_dir).is_dir() else "/"
    return [
        "setsid",
        "--ctty",
        "env",
        "--default-signal",
        "-i",
        "-C",
        folder,
        *(f"{name}={value}" for name, value in environment.items()),
        *shell,
    ]


class Shell:
    """A shell for one guest. At its end nothing that it started is left."""

    def __init__(self, children: Children, appliance_id: str, argv: Sequence[str], guest: Guest, limits: Limits) -> None:
        self._children, self._id, self._argv, self._guest, self._limits = children, appliance_id, argv, guest, limits
        self._terminal = Terminal(guest.hello.rows, guest.hello.columns)
        self._loop = asyncio.get_running_loop()
        self._typed_at = self._loop.time()

    async def run(self, closing: asyncio.Future[Ending]) -> Ending:
        """Run it until it ends, for whatever reason, or is asked to by `closing`. Raises OSError when it can't be started."""
        output: asyncio.Task[Ending] | None = None
        try:
            child = await self._start()
            output = asyncio.create_task(self._show())
            try:
                ending = await self._first(child, output, closing)
            finally:
                await end_all(self._id, self._limits.grace, child.pid)
                await child.kill()
            await self._farewell(output, ending)
            return ending
        finally:
            if output is not None:
                output.cancel()
                await asyncio.gather(output, return_exceptions=True)
            self._terminal.close()

    async def _start(self) -> Child:
        other = self._terminal.other_end
        try:
            argv = await asyncio.to_thread(command, self._argv, self._id, self._guest.hello.term)
            return await self._children.spawn(OWNER + self._id, argv, stdin=other, stdout=other, stderr=other)
        finally:
            os.close(other)

    async def _first(self, child: Child, output: asyncio.Task[Ending], closing: asyncio.Future[Ending]) -> Ending:
        """Whatever happens first ends the shell."""
        waits: list[Coroutine[None, None, Ending]] = [self._obey(), self._idle(), self._over(), _left(child)]
        tasks = [asyncio.create_task(one) for one in waits]
        try:
            done, _ = await asyncio.wait([*tasks, output, closing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return done.pop().result()

    async def _show(self) -> Ending:
        """Bring what is written on the terminal to the console."""
        with contextlib.suppress(ConnectionError):
            while data := await self._terminal.read():
                await send(self._guest.writer, Kind.DATA, data)
            return Ending.LEFT
        return Ending.GONE

    async def _obey(self) -> Ending:
        """Bring what is typed, and the sizes of the console, to the terminal."""
        frames = Frames()
        with contextlib.suppress(ConnectionError, FrameProblem):
            while data := await self._guest.reader.read(_CHUNK):
                for kind, payload in frames.feed(data):
                    if kind is Kind.SIZE:
                        self._terminal.resize(*read_size(payload))
                    elif kind is Kind.DATA:
                        self._typed_at = self._loop.time()
                        await self._terminal.write(payload)
        return Ending.GONE

    async def _idle(self) -> Ending:
        while True:
            left = self._typed_at + self._limits.idle - self._loop.time()
            if left <= 0:
                return Ending.IDLE
            await asyncio.sleep(left)

    async def _over(self) -> Ending:
        await asyncio.sleep(self._limits.total)
        return Ending.TOTAL

    async def _farewell(self, output: asyncio.Task[Ending], ending: Ending) -> None:
        """What the shell wrote last, and why it ended; a console that does not read is not waited for."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_FAREWELL_LIMIT):
                await asyncio.wait([output])
                await send(self._guest.writer, Kind.END, ending.sentence(self._limits).encode())


async def _left(child: Child) -> Ending:
    await child.wait()
    return Ending.LEFT
