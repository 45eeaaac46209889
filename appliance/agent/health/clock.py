"""Whether the clock is kept right: CloudStack takes no signature, and TLS no certificate, by a clock that is wrong."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.contract.status import Part

if TYPE_CHECKING:
    from appliance.agent.http.status import Probe

LONGEST = 3 * 3600.0
"""Seconds after which a synchronisation counts no more; the time service makes one every 35 minutes at most."""

_RUN = Path("/run/systemd")
_TIME_ERROR = 5
_TIMEX_BYTES = 256
"""More than struct timex has (adjtimex(2)). All zeros change nothing."""


def clock_probes(run: Path = _RUN, kernel: Callable[[], bool | None] | None = None) -> dict[str, Probe]:
    """The clock as a part of the health; none where the machine is not run by systemd (sd_booted(3)): its clock is not ours."""
    if not (run / "system").is_dir():
        return {}

    async def probe() -> Part:
        return part_of(is_kept(run / "timesync", (kernel or kernel_says)()))

    return {"clock": probe}


def part_of(kept: bool | None) -> Part:
    """What is told of it; where nothing is known, nothing is wrong."""
    if kept is not False:
        return Part(state="ok")
    return Part(
        state="degraded",
        detail="The clock is not synchronised. Check the time servers in the network's settings, and that UDP port 123 leads to them.",
    )


def is_kept(timesync: Path, kernel: bool | None) -> bool | None:
    """Whether the clock is kept right: as the kernel says; where it may not be asked, as systemd-timesyncd(8) does, if that runs."""
    if kernel is not None:
        return kernel
    try:
        return time.time() - (timesync / "synchronized").stat().st_mtime < LONGEST  # touched by each synchronisation
    except OSError:
        return False if timesync.is_dir() else None


def kernel_says() -> bool | None:
    """Whether whatever program sets the clock has synchronised it (adjtimex(2)); None for who may not ask, as the agent on an appliance."""
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else state != _TIME_ERROR
