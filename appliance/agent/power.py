"""Power: the agent alone, or the whole machine, is restarted; or the machine is switched off."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence

from appliance.agent.config import Machine
from appliance.contract.errors import Fault, fault
from appliance.contract.system import PowerAction
from appliance.core import commands
from appliance.core.audit import Audit
from appliance.core.commands import CommandFailed

_log = logging.getLogger(__name__)

CANNOT = fault(
    "power.not_possible",
    503,
    "This appliance can't restart its machine or switch it off by itself; nothing was changed.",
    "Restart it or switch it off in VMware or CloudStack, and send the support bundle to the vendor.",
)
ORDERED = fault(
    "power.ordered",
    409,
    "This appliance is about to restart or to go off already.",
    "Wait a minute; if nothing happens, try again.",
)

AFTER = 1.0
"""Seconds between the answer and the deed, so that the answer is seen."""
COMMAND_LIMIT = 60.0

_FAILED = {
    PowerAction.RESTART: "The machine could not be restarted; nothing was changed.",
    PowerAction.OFF: "The machine could not be switched off; nothing was changed.",
}


class Power:
    """Does what is asked a moment later. `restart_agent` ends the agent, which its supervisor starts again."""

    def __init__(self, machine: Machine, audit: Audit, restart_agent: Callable[[], None], *, after: float = AFTER) -> None:
        self._programs = {PowerAction.RESTART: machine.restart, PowerAction.OFF: machine.power_off}
        self._audit, self._restart_agent, self._after = audit, restart_agent, after
        self._asking = asyncio.Lock()
        self._ordered: asyncio.Task[None] | None = None

    async def ask(self, action: PowerAction) -> None:
        """Have it done in a moment. Raises a Fault (`power.not_possible`, `power.ordered`); then nothing was changed."""
        async with self._asking:
            if self._ordered is not None and not self._ordered.done():
                raise ORDERED()
            argv = self._programs.get(action)
            if argv is not None and not await asyncio.to_thread(_is_there, argv):
                await self._note(action, "failed", "the program is missing")
                raise CANNOT(cause=f"{action}: {' '.join(argv)} is not there")
            await self._note(action, "done", "ordered")
            self._ordered = asyncio.create_task(self._do(action, argv))

    async def close(self) -> None:
        """Give up what was asked but not begun."""
        if self._ordered is not None:
            self._ordered.cancel()
            await asyncio.gather(self._ordered, return_exceptions=True)

    async def _do(self, action: PowerAction, argv: Sequence[str] | None) -> None:
        await asyncio.sleep(self._after)
        if argv is None:
            self._restart_agent()
            return
        try:
            await commands.run(argv, timeout=COMMAND_LIMIT)
        except (OSError, TimeoutError, CommandFailed) as error:
            _log.error("%s %s", _FAILED[action], error)
            await self._note(action, "failed", str(error) or type(error).__name__)

    async def _note(self, action: PowerAction, result: str, detail: str) -> None:
        """For the audit log; a full disk is no reason not to restart."""
        try:
            await self._audit.record("operator", f"power.{action}", result, detail)
        except Fault as error:
            _log.warning("power.%s (%s) is not in the audit log: %s", action, result, error)


def _is_there(argv: Sequence[str]) -> bool:
    return bool(argv) and shutil.which(argv[0]) is not None
