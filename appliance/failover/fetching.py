"""The jobs that fetch from web addresses what Windows guests are prepared with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from appliance.contract.windows_drivers import PROGRAM_LIMIT, UPLOAD_LIMIT
from appliance.core.carrying import Fetching
from appliance.core.web import Heard
from appliance.failover.drivers import Drivers
from appliance.failover.faults import NO_SUCH_PROGRAM
from appliance.failover.programs import NAMES

DISC = "windows-drivers-fetch"


def kind_of(name: str) -> str:
    """The kind of job that fetches a program. Raises NO_SUCH_PROGRAM."""
    if name not in NAMES:
        raise NO_SUCH_PROGRAM(names=", ".join(NAMES))
    return f"windows-{name.removesuffix('.exe').replace('_', '-')}-fetch"


def fetchings(drivers: Drivers) -> list[Fetching]:
    """All kinds: the disc's, and one for each program."""

    async def disc(parts: AsyncIterator[bytes], heard: Heard) -> str:
        about = await drivers.take(parts, heard)
        return f"The disc {about.label} was fetched; its SHA-256 is {about.sha256}."

    async def program(name: str, parts: AsyncIterator[bytes], heard: Heard) -> str:
        return f"{name} was fetched; its SHA-256 is {(await drivers.programs.take(name, parts, heard)).sha256}."

    programs = [Fetching(kind_of(name), name, PROGRAM_LIMIT, partial(program, name)) for name in NAMES]
    return [Fetching(DISC, "the drivers for Windows", UPLOAD_LIMIT, disc), *programs]
