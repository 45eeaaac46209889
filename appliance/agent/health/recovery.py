"""What an OMA does at its start: compares the records with what is, and takes up what an earlier agent left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from appliance.agent.health.monitor import free_what_nothing_holds
from appliance.contract.errors import as_fault
from appliance.contract.status import Part
from appliance.core.jobs import Runner
from appliance.core.store import Store

logger = logging.getLogger(__name__)

AGAIN_AFTER = 15.0
"""Seconds until what could not be taken up, because the records could not be read or written, is tried again."""

Compare = Callable[[], Awaitable[Iterable[object]]]


class Recovery:
    """`compare` compares the volumes with the cloud and the kernel, and says what differed."""

    def __init__(self, store: Store, runner: Runner, compare: Compare) -> None:
        self._store, self._runner, self._compare = store, runner, compare
        self._part = Part(state="degraded", detail="Unfinished jobs are being looked at.")

    async def run(self) -> None:
        """Recover; tries again until it has succeeded."""
        await self._compare_volumes()
        while True:
            try:
                return await self._take_up()
            except Exception as error:
                logger.exception("unfinished jobs could not be taken up")
                self._part = Part(state="failed", detail=f"Unfinished jobs could not be taken up yet. {as_fault(error).message}")
            await asyncio.sleep(AGAIN_AFTER)

    async def health(self) -> Part:
        """How far it is."""
        return self._part

    async def _compare_volumes(self) -> None:
        try:
            for difference in await self._compare():
                logger.warning("volumes: %s", difference)
        except Exception:
            # Whatever it is: unfinished jobs hold their VMs until they are taken up.
            logger.exception("volumes could not be compared with the cloud")

    async def _take_up(self) -> None:
        found = await self._runner.recover()
        freed = await free_what_nothing_holds(self._store)
        told = f" {freed} VMs that were held by no job are free again." if freed else ""
        self._part = Part(state="ok", detail=f"{len(found)} unfinished jobs were taken up.{told}")
