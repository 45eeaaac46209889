"""What was seen of vCenters a moment ago: pages and folders of one look need no second one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from appliance.vsphere.session import VCenter
from appliance.vsphere.survey import Survey, survey

FRESH = 60.0
"""Seconds for which a look is good."""
KEPT = 4
"""Looks that are kept; each takes some MiB."""

_Key = tuple[str, int, str]


class Surveys:
    """The last look at each vCenter as each user; whoever asks has logged in first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[_Key, tuple[float, Survey]] = {}
        self._looking: dict[_Key, asyncio.Lock] = {}

    async def of(self, vcenter: VCenter, *, anew: bool = False) -> Survey:
        """What it holds; looked at `anew`, or when the last look is old. Those who ask at once wait for one look."""
        key, asked = (vcenter.host, vcenter.port, vcenter.username), self._clock()
        async with self._looking.setdefault(key, asyncio.Lock()):
            at, seen = self._seen.get(key, (float("-inf"), None))
            if seen is None or at < (asked if anew else asked - FRESH):
                seen = await survey(vcenter)
                self._keep(key, seen)
        return seen

    def _keep(self, key: _Key, seen: Survey) -> None:
        now = self._clock()
        fresh = {old: look for old, look in self._seen.items() if old != key and look[0] >= now - FRESH}
        self._seen = dict([*fresh.items(), (key, (now, seen))][-KEPT:])
