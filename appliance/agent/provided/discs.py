"""Discs that the hypervisor put into the drives: vCenter's environment document, CloudStack's config drive. Nothing is mounted."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from appliance.agent.provided.document import is_for_appliance, read_document
from appliance.agent.provided.values import Unusable, provided, says_something, unusable
from appliance.contract.provided import Giver, Provided
from appliance.core import commands

READER = "appliance.agent.provided.disc"
"""It is not imported here: what reads discs is not needed by an agent whose set-up is done."""
MOST_DRIVES = 4
SECONDS = 20.0

_log = logging.getLogger(__name__)


class Discs:
    """Each drive is looked into once: the hypervisor has put in what it has before the machine starts."""

    def __init__(self, devices: Path) -> None:
        self._devices, self._looked = devices, set[Path]()

    async def provided(self) -> Provided | None:
        """What the first disc says that says anything."""
        for drive in await asyncio.to_thread(self._drives):
            if drive not in self._looked:
                self._looked.add(drive)
                found = await _look(drive)
                if found is not None and says_something(found):
                    return found
        return None

    def _drives(self) -> list[Path]:
        return sorted(self._devices.glob("sr[0-9]*"))[:MOST_DRIVES]


async def _look(drive: Path) -> Provided | None:
    """What a disc says, seen by a process with limits."""
    try:
        looked = await commands.run([sys.executable, "-m", READER, str(drive)], timeout=SECONDS)
    except (commands.CommandFailed, TimeoutError, OSError) as error:
        _log.info("%s holds nothing for this appliance: %s", drive, error)
        return None
    what, _, content = looked.stdout.partition(b"\n")
    if what == b"environment":
        return _environment(content)
    return from_user_data(content) if what == b"user-data" else None


def _environment(content: bytes) -> Provided:
    from appliance.agent.provided.environment import read_environment

    try:
        return provided(Giver.VCENTER, read_environment(content))
    except Unusable as error:
        return unusable(Giver.VCENTER, str(error))


def from_user_data(content: bytes) -> Provided | None:
    """What user data of CloudStack's says; None where it is meant for something else."""
    if not is_for_appliance(content):
        return None
    try:
        return provided(Giver.CLOUDSTACK, read_document(content))
    except Unusable as error:
        return unusable(Giver.CLOUDSTACK, str(error))
