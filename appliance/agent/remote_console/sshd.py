"""sshd, started, watched, and started again with a growing pause when it ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.agent.remote_console import processes
from appliance.agent.remote_console.config import Server
from appliance.agent.remote_console.log import ENDED, LISTENS, problem_in
from appliance.contract.errors import Fault
from appliance.core.commands import Child, Children, CommandFailed

_log = logging.getLogger("appliance.sshd")

PROGRAM = Path("/usr/sbin/sshd")
PRIVILEGE_FOLDER = Path("/run/sshd")
"""Where the part of sshd that has no rights lives; Debian's is built with this path, and does not start without it."""
OWNER = "remote-console"

_FIRST_PAUSE, _LONGEST_PAUSE, _WELL_AFTER = 1.0, 60.0, 60.0
_SETTLED_WITHIN = 5.0

Told = Callable[[str], Awaitable[None]]


class Sshd:
    """One sshd and its sessions. `problem` says in the operator's words why it does not run or what is wrong with it.

    `failed` is told each new problem, `heard` every line that it says.
    """

    def __init__(self, children: Children, failed: Told, heard: Told) -> None:
        self._children, self._failed, self._heard = children, failed, heard
        self._keeping: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self.running, self.problem = False, ""

    async def start(self, server: Server, prepare: Callable[[], Awaitable[None]]) -> None:
        """Start it, and keep it running; returns when it listens or has said why not. `prepare` comes before every start."""
        await self.end()
        self._settled.clear()
        self._keeping = asyncio.create_task(self._keep(server, prepare))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_WITHIN):
                await self._settled.wait()

    async def end(self) -> None:
        """End it and all its sessions, also what an earlier agent left; none of their processes is left when this returns."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        inside = self._inside()
        await self._children.end(OWNER)
        await processes.end(inside)
        self.running, self.problem = False, ""

    async def reload(self) -> None:
        """Have it read its configuration again; sessions go on."""
        listener = await asyncio.to_thread(lambda: processes.first(self._inside()))
        if listener is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(listener, signal.SIGHUP)

    async def sessions(self, user: str) -> int:
        """How many consoles are open."""
        return await asyncio.to_thread(lambda: processes.sessions(self._inside(), user))

    def _inside(self) -> frozenset[str]:
        return processes.namespaces(self._children.living(OWNER))

    async def _keep(self, server: Server, prepare: Callable[[], Awaitable[None]]) -> None:
        pause = _FIRST_PAUSE
        while True:
            began, known = time.monotonic(), self.problem
            self.problem = await self._run(server, prepare)
            self.running = False
            self._settled.set()
            if self.problem != known:
                await self._failed(self.problem)
            pause = _FIRST_PAUSE if time.monotonic() - began > _WELL_AFTER else pause
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _run(self, server: Server, prepare: Callable[[], Awaitable[None]]) -> str:
        """Run it until it ends; returns why it did."""
        try:
            await prepare()
            await asyncio.to_thread(PRIVILEGE_FOLDER.mkdir, mode=0o755, exist_ok=True)
            argv = processes.confined((str(PROGRAM), "-D", "-e", "-f", str(server.file)))
            child = await self._children.spawn(OWNER, argv, stderr=asyncio.subprocess.PIPE)
        except Fault as error:
            return f"{error.message} {error.guidance}"
        except (OSError, ValueError, CommandFailed) as error:
            _log.error("sshd can't be started: %s", error)
            return ENDED
        said = await self._listen(child, server)
        code = await child.wait()
        _log.warning("sshd ended with %d", code)
        return said or ENDED

    async def _listen(self, child: Child, server: Server) -> str:
        """Read what it says until it ends; returns the last line that tells of a problem, in the operator's words."""
        assert child.process.stderr is not None
        problem = ""
        async for raw in child.process.stderr:
            line = raw.decode(errors="replace").strip()
            _log.info("%s", line)
            if LISTENS.search(line):
                self.running, self.problem = True, problem
                self._settled.set()
            elif found := problem_in(line, server.port):
                problem = found
                self.problem = found if self.running else self.problem
            await self._heard(line)
        return problem


def is_possible() -> str:
    """What is missing to run it; empty when nothing is."""
    if os.geteuid() != 0:
        return "the appliance's agent does not run as the machine's administrator"
    return "" if PROGRAM.exists() else "its SSH server is not installed"
