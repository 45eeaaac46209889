"""Tries at a secret: five, and then a wait that grows with every wrong one, whatever is restarted or set meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.contract.errors import STORE_UNWRITABLE, Fault, fault
from appliance.core.settings import Settings

FREE_TRIES = 5
FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0
"""Seconds."""

TOO_MANY_TRIES = fault(
    "tries.wait",
    429,
    "There were too many wrong tries: the next one is taken in {wait}.",
    "Wait that long; restarting the appliance does not shorten it.",
)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Count:
    """Tries since the last right one, and until when (seconds since boot `boot_id`) the next one has to wait."""

    failed: int = 0
    boot_id: str = ""
    until: float | None = None


def wait_after(failed: int) -> float:
    """Seconds of wait after so many wrong tries: none, none, none, none, 30, 60, 120 … 3600."""
    return 0.0 if failed < FREE_TRIES else min(FIRST_WAIT * 2.0 ** min(failed - FREE_TRIES, 20), LONGEST_WAIT)


def remaining(count: Count, boot_id: str, now: float) -> float:
    """Seconds of wait that are left. After a reboot nobody knows how much had passed: it begins again with the boot."""
    if count.until is None:
        return 0.0
    return max(0.0, (count.until if count.boot_id == boot_id else wait_after(count.failed)) - now)


def since_boot() -> float:
    """Seconds since the machine booted, sleep included; setting the clock does not change it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def in_words(seconds: float) -> str:
    """A wait as it is told: whole seconds up to two minutes, whole minutes from there, never less than what is left."""
    whole = math.ceil(seconds)
    if whole == 1:
        return "1 second"
    return f"{whole} seconds" if whole <= 120 else f"{math.ceil(whole / 60)} minutes"


class Tries:
    """The tries at one secret, kept under its name. One object for each name in an agent.

    With `on_full_disk` they are counted in memory while the records can't be written: who knows the secret gets in to make room.
    """

    def __init__(
        self, settings: Settings, name: str, clock: Callable[[], float] = since_boot, boot_id: str = "", *, on_full_disk: bool = False
    ) -> None:
        self._settings, self._name, self._clock, self._on_full_disk = settings, f"tries.{name}", clock, on_full_disk
        self._unwritten: Count | None = None
        self._boot_id = boot_id or _BOOT_ID.read_text().strip()
        self._counting = asyncio.Lock()

    async def take(self) -> None:
        """Count a try before it is checked: whoever pulls the plug to undo a wrong one gains nothing.

        Raises a Fault (`tries.wait`) while there is a wait.
        """
        async with self._counting:
            count = await self._require()
            failed = count.failed + 1
            pause = wait_after(failed)
            await self._keep(Count(failed, self._boot_id, self._clock() + pause if pause else None))

    async def require(self) -> None:
        """Raises a Fault (`tries.wait`) while there is a wait."""
        await self._require()

    async def succeeded(self) -> None:
        """The try was right: all are forgotten."""
        async with self._counting:
            await self._keep(Count())

    async def left(self) -> int:
        """How many wrong tries there may be before the next wait; 0 during one."""
        count = await self._read()
        return 0 if self._remaining(count) else max(1, FREE_TRIES - count.failed)

    async def wait(self) -> float:
        """Seconds until the next try is taken."""
        count = await self._read()
        seconds = self._remaining(count)
        if count.until is not None and not seconds:
            # Served: it does not begin again with the next boot. When that can't be written, it will: no harm.
            with contextlib.suppress(Fault):
                await self._forgive(count)
        return seconds

    async def _forgive(self, seen: Count) -> None:
        async with self._counting:
            if await self._read() == seen:
                await self._keep(Count(seen.failed))

    async def _require(self) -> Count:
        count = await self._read()
        seconds = self._remaining(count)
        if seconds:
            raise TOO_MANY_TRIES(wait=in_words(seconds), seconds=math.ceil(seconds))
        return count

    def _remaining(self, count: Count) -> float:
        return remaining(count, self._boot_id, self._clock())

    async def _read(self) -> Count:
        return self._unwritten or Count(**await self._settings.get(self._name))

    async def _keep(self, count: Count) -> None:
        try:
            await self._settings.put(self._name, asdict(count))
        except Fault as error:
            if not self._on_full_disk or error.key != STORE_UNWRITABLE.key:
                raise
            self._unwritten = count
        else:
            self._unwritten = None
