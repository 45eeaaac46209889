"""Routes of logs, support bundles and power."""

from __future__ import annotations

import asyncio

from appliance.agent.logs import LogBook
from appliance.agent.power import Power
from appliance.agent.support.bundles import SupportBundles
from appliance.contract import system as contract
from appliance.contract.jobs import Wait
from appliance.contract.types import JobRef, SendTo

CONSOLE = "console"
"""The source of lines that come from another program of the appliance."""


class SystemRoutes(contract.SystemApi):
    """Serves the appliance as a machine."""

    def __init__(self, book: LogBook, bundles: SupportBundles, power: Power) -> None:
        self._book, self._bundles, self._power = book, bundles, power

    async def logs(
        self,
        after: int = -1,
        wait: Wait = 0.0,
        level: contract.Level = contract.Level.DEBUG,
        contains: str = "",
        limit: int = 500,
        job: str = "",
    ) -> contract.LogPage:
        clock = asyncio.get_running_loop()
        end = clock.time() + wait
        page = await asyncio.to_thread(self._book.page, after, level, contains, limit, job)
        while not page.entries and (left := end - clock.time()) > 0 and await self._book.wait(page.last, left):
            page = await asyncio.to_thread(self._book.page, page.last, level, contains, limit, job)
        return page

    async def report(self, body: contract.Report) -> None:
        self._book.add(body.level, CONSOLE, body.message)

    async def make_bundle(self) -> JobRef:
        return JobRef(job_id=await self._bundles.make())

    async def bundles(self) -> list[contract.Bundle]:
        return await self._bundles.all()

    async def bundle(self, name: str) -> bytes:
        return await self._bundles.read(name)

    async def send_bundle(self, name: str, body: SendTo) -> JobRef:
        return JobRef(job_id=await self._bundles.send(name, body))

    async def power(self, body: contract.AskMachine) -> None:
        await self._power.ask(body.action)
