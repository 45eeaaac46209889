"""The service manager that started this agent: what it is told (sd_notify(3)), and its watchdog (sd_watchdog_enabled(3))."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping

_log = logging.getLogger(__name__)


def tell(text: str, *, wait: bool = True) -> None:
    """Tell it, if there is one. Raises OSError when it can't be told, also when it could not be without waiting."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.setblocking(wait)
            notifier.sendto(text.encode(), address.replace("@", "\0", 1))


def watchdog_period(environment: Mapping[str, str], pid: int) -> float | None:
    """Seconds between two signs of life, half of what the watchdog waits for; None when it watches nobody, or another process."""
    limit, watched = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(pid))
    if not (limit.isdecimal() and int(limit) and watched == str(pid)):
        return None
    return int(limit) / 2_000_000


async def stay_alive(period: float | None) -> None:
    """Give a sign of life every so often, for ever: from the event loop, so that one that hangs gives none."""
    while period is not None:
        try:
            tell("WATCHDOG=1", wait=False)
        except OSError as error:
            _log.warning("the watchdog could not be told that the agent lives: %s", error)
        await asyncio.sleep(period)
