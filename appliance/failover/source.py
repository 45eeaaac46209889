"""The source machine beside its vCenter: its power and its adapters, through the appliance there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from appliance.contexts import VmContext
from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.inventory import AskNics, AskPower, AskVm, Power, PowerAction, VCenterAccess, Vm
from appliance.contract.peer import VmaPeerApi
from appliance.core.jobs import Run
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import SOURCE_RUNS, SOURCE_STAYS_ON

OFF = "poweredOff"
WAITING = "Waiting for the appliance beside the source"
# Over the source's own limit, for the way there and back.
_GRACE_SECONDS = 30.0

Answer = TypeVar("Answer")
Question = Callable[[VmaPeerApi, VCenterAccess], Awaitable[Answer]]


class SourceGuest:
    """The source of one VM context, asked on behalf of a job.

    An appliance that can't be reached is waited for; in an undo only for a few tries, so that the VM does not stay held.
    """

    def __init__(self, deps: FailoverDeps, run: Run, context: VmContext, *, undoing: bool = False) -> None:
        self._deps, self._run, self._context = deps, run, context
        self._tries = deps.pace.undo_tries if undoing else None

    async def look(self) -> Vm:
        """The source as it is now."""
        return await self._ask(lambda vma, access: vma.vm(AskVm(access=access, vm=self._context.vmware_vm_id)))

    async def is_off(self) -> bool:
        """Whether it is switched off now."""
        return (await self._power(PowerAction.STATE)).state == OFF

    async def refuse_unless_off(self) -> None:
        """Raise a Fault when it runs: what it writes is not in the copy."""
        if not await self.is_off():
            raise SOURCE_RUNS(name=self._context.vm_name)

    async def shut_down(self, seconds: int) -> None:
        """Shut it down, off by force after `seconds`; returns when it is verifiably off. Raises a Fault when it stays on."""
        try:
            await self._once(lambda vma, access: vma.power(self._order(access, PowerAction.SHUTDOWN, seconds)))
        except Fault as error:
            if error.key != UNREACHABLE.key:
                raise  # the answer was lost, but the order may be under way: look
            for _ in range(1 + int((seconds + _GRACE_SECONDS) / self._deps.pace.retry_seconds)):
                if await self.is_off():
                    return
                await asyncio.sleep(self._deps.pace.retry_seconds)
        if not await self.is_off():
            await self._power(PowerAction.OFF)
        if not await self.is_off():
            raise SOURCE_STAYS_ON(name=self._context.vm_name)

    async def switch_on(self) -> None:
        """Switch it on, unless it is on."""
        if await self.is_off():
            await self._power(PowerAction.ON)

    async def set_adapters(self, start_connected: dict[str, bool]) -> None:
        """Which adapters connect at power-on, by hardware address."""
        if start_connected:
            await self._ask(
                lambda vma, access: vma.nics(AskNics(access=access, vm=self._context.vmware_vm_id, start_connected=start_connected))
            )

    async def _power(self, action: PowerAction) -> Power:
        return await self._ask(lambda vma, access: vma.power(self._order(access, action)))

    def _order(self, access: VCenterAccess, action: PowerAction, seconds: int = 60) -> AskPower:
        return AskPower(access=access, vm=self._context.vmware_vm_id, action=action, timeout_seconds=seconds)

    async def _ask(self, question: Question[Answer]) -> Answer:
        tried = 0
        while True:
            try:
                return await self._once(question)
            except Fault as error:
                tried += 1
                if error.key != UNREACHABLE.key or tried == self._tries:
                    raise
            async with self._run.waiting(WAITING):
                await asyncio.sleep(self._deps.pace.retry_seconds)

    async def _once(self, question: Question[Answer]) -> Answer:
        access = await self._deps.source.access(self._context)
        return await question(self._deps.source.vma(self._context.peer_id), access)
