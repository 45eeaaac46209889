"""One opening of the gate: its ticket, the one guest who comes with it, and the shell, until all is closed again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.agent.gate.entrance import Entrance, Guest
from appliance.agent.gate.limits import Limits
from appliance.agent.gate.shell import Ending, Shell
from appliance.contract.errors import Fault
from appliance.core.audit import Audit
from appliance.core.commands import Children

_log = logging.getLogger(__name__)

_CLOSE = "shell-gate.close"


class Opening:
    """From the vendor's right answer to the shell's end. `begin` it once; it ends by itself or by `end`."""

    def __init__(
        self,
        appliance_id: str,
        shell: Sequence[str],
        socket: Path,
        children: Children,
        audit: Audit,
        limits: Limits,
        admit: Callable[[Path], None],
    ) -> None:
        self._id, self._argv, self._children, self._audit, self._limits = appliance_id, shell, children, audit, limits
        self._loop = asyncio.get_running_loop()
        self._entrance = Entrance(socket, limits.hello, self._refused, admit)
        self._closing: asyncio.Future[Ending] = self._loop.create_future()
        self._until = self._loop.time() + limits.ticket
        self._course: asyncio.Task[None] | None = None
        self.is_running = False

    @property
    def is_over(self) -> bool:
        return self._course is not None and self._course.done()

    @property
    def seconds_left(self) -> float:
        """For a guest to come, or, with a shell running, until that is ended in any case."""
        return max(0.0, self._until - self._loop.time())

    async def begin(self) -> str:
        """Listen for the guest; returns the ticket. Raises OSError."""
        await self._entrance.open()
        self._course = asyncio.create_task(self._take_course())
        return self._entrance.ticket

    async def end(self, ending: Ending) -> None:
        """Close it; nothing of it is left when this returns."""
        if not self._closing.done():
            self._closing.set_result(ending)
        if self._course is not None:
            await asyncio.wait([self._course])

    async def _take_course(self) -> None:
        try:
            guest = await self._guest()
        finally:
            await self._entrance.close()
        if guest is None:
            why = self._closing.result().value if self._closing.done() else "nobody came with the ticket"
            await self._note("agent", _CLOSE, "done", why)
        else:
            await self._shell(guest)

    async def _guest(self) -> Guest | None:
        guest = self._entrance.guest
        events: list[asyncio.Future[Any]] = [guest, self._closing]
        await asyncio.wait(events, timeout=self._limits.ticket, return_when=asyncio.FIRST_COMPLETED)
        return guest.result() if guest.done() else None

    async def _shell(self, guest: Guest) -> None:
        self.is_running, started = True, self._loop.time()
        self._until = started + self._limits.total
        await self._note("vendor", "shell-gate.shell", "done", "started")
        result, ending = "failed", "the shell could not run"
        try:
            ended = await Shell(self._children, self._id, self._argv, guest, self._limits).run(self._closing)
            result, ending = "done", ended.value
        except OSError as problem:
            _log.error("the vendor's shell failed: %s", problem)
        finally:
            guest.writer.close()
            await self._note("agent", _CLOSE, result, f"{ending}, after {self._loop.time() - started:.0f} s")

    async def _refused(self, why: str) -> None:
        await self._note("console", "shell-gate.enter", "refused", why)

    async def _note(self, actor: str, action: str, result: str, detail: str) -> None:
        """Write it down; a store that takes nothing does not keep a shell from being ended."""
        try:
            await self._audit.record(actor, action, result, detail)
        except Fault as problem:
            _log.error("not in the audit log: %s %s %s (%s): %s", actor, action, result, detail, problem)
