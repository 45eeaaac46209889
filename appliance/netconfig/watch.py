"""Watches settings on trial: whether the kernel has them, and what the network says to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from appliance.contract.network import Finding, NetworkPlan, Severity
from appliance.netconfig import verify
from appliance.netconfig.findings import error
from appliance.netconfig.live import LiveChecks
from appliance.netconfig.observe import Observed
from appliance.netconfig.trial import Clock

_log = logging.getLogger(__name__)
_PATIENCE = 10.0
_SETTLING, _SETTLED = 0.3, 2.0
_ASKED_AGAIN = 5


class Watch:
    """Reads back what is in force, often until it is as wanted or 10 s are over, then every 2 s; asks the network in between."""

    def __init__(self, plan: NetworkPlan, observing: Callable[[], Awaitable[Observed]], live: LiveChecks, clock: Clock) -> None:
        self._plan, self._observe, self._live, self._clock = plan, observing, live, clock
        self._read: list[Finding] = []
        self._heard: list[Finding] = []
        self._task = asyncio.create_task(self._watch())

    @property
    def findings(self) -> list[Finding]:
        """What was verified so far; empty before the first look."""
        return self._read + self._heard

    async def close(self) -> None:
        """Stop watching."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _watch(self) -> None:
        end = self._clock.now() + _PATIENCE
        while not await self._in_force() and self._clock.now() < end:
            await self._clock.sleep(_SETTLING)
        while True:
            self._heard = await self._live.during(self._plan)
            for _ in range(_ASKED_AGAIN):
                await self._clock.sleep(_SETTLED)
                await self._in_force()

    async def _in_force(self) -> bool:
        """Read back; whether all is as wanted."""
        try:
            observed = await self._observe()
        except OSError as problem:
            _log.warning("the network could not be read back: %s", problem)
            return False
        self._read = verify.compare(self._plan, observed.interfaces) + doubled(self._plan, observed)
        return not any(one.severity is Severity.ERROR for one in self._read)


def doubled(plan: NetworkPlan, observed: Observed) -> list[Finding]:
    """An error for each of the interfaces' addresses that the kernel does not use because another machine has it (RFC 4862, 5.4)."""
    names = {one.name for one in plan.interfaces}
    return [
        error(name, "ipv6.addresses", f"{text.partition('/')[0]} is in use by another machine. Revert, and type one that is free.")
        for name, text in sorted(observed.doubled)
        if name in names
    ]
