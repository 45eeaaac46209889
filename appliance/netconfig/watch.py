"""Watches settings on trial: whether the kernel has them, and what the network says to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from appliance.contract.network import Finding, NetworkPlan, Severity
from appliance.netconfig.faults import NOT_AS_WANTED, SETTLING
from appliance.netconfig.findings import listed
from appliance.netconfig.live import LiveChecks
from appliance.netconfig.observe import Observed
from appliance.netconfig.trial import Clock
from appliance.netconfig.verify import Reading, compare

_log = logging.getLogger(__name__)
PATIENCE = 10.0
"""Seconds within which systemd-networkd has settings in force, and servers have given addresses."""
_SETTLING, _SETTLED = 0.3, 2.0
_LOOKS = 2
"""So many in a row have to find all as wanted: the first one may still find what was before."""
_ASKED_AGAIN = 5


class Watch:
    """Reads back what is in force, often until it is as wanted or 10 s are over, then every 2 s; asks the network in between.

    Until what is not in force can no longer be a matter of time, it is pending and not wrong.
    """

    def __init__(self, plan: NetworkPlan, observing: Callable[[], Awaitable[Observed]], live: LiveChecks, clock: Clock) -> None:
        self._plan, self._observe, self._live, self._clock = plan, observing, live, clock
        self._read: list[Reading] = []
        self._heard: list[Finding] = []
        self._patient, self._asked = True, False
        self._task = asyncio.create_task(self._watch())

    @property
    def settling(self) -> bool:
        """Whether the verdict is still out: the settings are being taken, or the network was not asked yet."""
        return not self._asked and not self._task.done()

    @property
    def findings(self) -> list[Finding]:
        """What was verified so far; empty before the first look."""
        return [one.so_far if self._patient else one.finding for one in self._read] + self._heard

    def refuse(self) -> None:
        """Raises SETTLING while the verdict is out, NOT_AS_WANTED where something is wrong."""
        if self.settling:
            raise SETTLING()
        if wrong := [one for one in self.findings if one.severity is Severity.ERROR]:
            raise NOT_AS_WANTED(detail=listed(wrong))

    async def close(self) -> None:
        """Stop watching."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _watch(self) -> None:
        await self._settle()
        while True:
            self._heard = await self._live.during(self._plan)
            self._asked = True
            for _ in range(_ASKED_AGAIN):
                await self._clock.sleep(_SETTLED)
                await self._look()

    async def _settle(self) -> None:
        end, good = self._clock.now() + PATIENCE, 0
        while good < _LOOKS and self._clock.now() < end:
            await self._clock.sleep(_SETTLING)
            good = good + 1 if await self._look() else 0
        self._patient = False

    async def _look(self) -> bool:
        """Read back; whether nothing is left that could be a matter of time."""
        try:
            observed = await self._observe()
        except OSError as problem:
            _log.warning("the network could not be read back: %s", problem)
            return False
        self._read = compare(self._plan, observed)
        return not any(one.meanwhile for one in self._read)
