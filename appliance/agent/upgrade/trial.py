"""A release on trial: nothing is changed and no job is taken up until it has shown that it is well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from appliance.agent.tries import since_boot
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.contract.errors import Fault
from appliance.contract.status import Health

_log = logging.getLogger(__name__)

LOOKS, EVERY, LONGEST_LOOK = 3, 0.5, 10.0
"""Good looks one after the other that show a release to be well, seconds between them, and seconds that one may take."""


def problem_of(health: Health, failed_before: Collection[str]) -> str:
    """What is not well and was before; empty when the release may stay (pure). What is degraded comes back by itself."""
    failed = [(name, part) for name, part in health.parts.items() if part.state == "failed" and name not in failed_before]
    return "; ".join(f"{name}: {part.detail or 'failed'}" for name, part in failed)


class Trial:
    """The trial of the release that runs; it is over at once where the release is on none."""

    def __init__(self, state: State | None = None, folder: Path | None = None, clock: Callable[[], float] = since_boot) -> None:
        self._state, self._clock = state, clock
        self._file = StateFile(folder) if folder is not None else None
        self.over = asyncio.Event()
        if state is None:
            self.over.set()

    @asynccontextmanager
    async def watched(self, ask: Callable[[], Awaitable[Health]], leave: Callable[[], None]) -> AsyncIterator[None]:
        """Watch the trial, if there is one, during the block."""
        watching = asyncio.create_task(self.watch(ask, leave))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def watch(self, ask: Callable[[], Awaitable[Health]], leave: Callable[[], None]) -> None:
        """Ask for the health until it is good, which ends the trial; or until the time is over: then the agent has to `leave`."""
        if self._state is None or self._file is None:
            return
        good, noted = 0, ""
        while good < LOOKS:
            problem = await self._looked(ask)
            good = 0 if problem else good + 1
            if problem != noted:
                noted = problem
                await asyncio.to_thread(self._file.write, replace(self._state, problem=problem))
            if self._clock() >= self._state.until:
                _log.error("version %s is not well in time: %s", self._state.to_version, problem)
                leave()
                return
            await asyncio.sleep(EVERY)
        await asyncio.to_thread(self._file.end, replace(self._state, phase=Phase.KEPT, problem=""))
        _log.warning("version %s is well and stays", self._state.to_version)
        self.over.set()

    async def _looked(self, ask: Callable[[], Awaitable[Health]]) -> str:
        assert self._state is not None
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                return problem_of(await ask(), self._state.failed_before)
        except Fault as error:
            return error.message
        except TimeoutError:
            return "The agent does not answer."

    def hold(self) -> Middleware:
        """Lets nothing through that changes something before the trial is over: with the former release it would be forgotten."""

        @web.middleware
        async def held(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.method not in ("GET", "HEAD"):
                await self.over.wait()
            return await handler(request)

        return held

    def holding(self, app: web.Application) -> web.Application:
        """The same application, of which nothing that changes something is served before the trial is over."""
        app.middlewares.append(self.hold())
        return app

    @asynccontextmanager
    async def followed_by(self, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
        """This is done once the trial is over; where there is none, before the block begins."""
        doing = asyncio.create_task(self.then(work))
        try:
            if self.over.is_set():
                await doing
            yield
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    async def then(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do this once the trial is over."""
        await self.over.wait()
        await work()
