"""A release on trial: nothing is changed and no job is taken up until it has shown that it is well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from appliance.agent.tries import since_boot
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.agent.upgrade.wellness import Seen, problem_of
from appliance.contract.errors import Fault, as_fault

logger = logging.getLogger(__name__)

EVERY, LONGEST_LOOK = 1.0, 20.0
"""Seconds between looks, and those that one may take."""
WELL_FOR = 10.0
"""Seconds for which every look has to be a good one, before the release may stay."""
FAR_SIDE = 60.0
"""Seconds in which the other appliance comes back, if it is there: it tries every ten."""

Asking = Callable[[], Awaitable[Seen]]
Look = Callable[[], Awaitable[None]]
"""Raises what is not well."""


class Trial:
    """The trial of the release that runs; it is over at once where the release is on none."""

    def __init__(self, state: State | None = None, folder: Path | None = None, clock: Callable[[], float] = since_boot) -> None:
        self._state, self._clock = state, clock
        self._file = StateFile(folder) if folder is not None else None
        self._looks: list[Look] = []
        self.failure = ""
        self.over = asyncio.Event()
        if state is None:
            self.over.set()

    @asynccontextmanager
    async def watched(self, ask: Asking, leave: Callable[[], None]) -> AsyncIterator[None]:
        """Watch the trial, if there is one, during the block."""
        watching = asyncio.create_task(self.watch(ask, leave))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def look_at(self, look: Look) -> None:
        """Have this be well, too, before the release may stay."""
        self._looks.append(look)

    async def watch(self, ask: Asking, leave: Callable[[], None]) -> None:
        """Look until all was well for a while, which ends the trial; or until the time is over: then the agent has to `leave`."""
        if self._state is None or self._file is None:
            return
        far_side_until = min(self._clock() + FAR_SIDE, self._state.until - 2 * WELL_FOR)
        since, noted = None, ""
        while since is None or self._clock() - since < WELL_FOR:
            now = self._clock()
            problem = await self._looked(ask, waited=now >= far_side_until)
            since = None if problem else now if since is None else since
            if problem != noted:
                noted = problem
                await asyncio.to_thread(self._file.write, replace(self._state, problem=problem))
            if self._clock() >= self._state.until:
                logger.error("version %s is not well in time: %s", self._state.to_version, problem)
                leave()
                return
            await asyncio.sleep(EVERY)
        await asyncio.to_thread(self._file.end, replace(self._state, phase=Phase.KEPT, problem=""))
        logger.warning("version %s is well and stays", self._state.to_version)
        self.over.set()

    async def _looked(self, ask: Asking, *, waited: bool) -> str:
        assert self._state is not None
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                problem = problem_of(await ask(), self._state, waited=waited)
                for look in self._looks if not problem else ():
                    await look()
                return problem
        except TimeoutError:
            return "The agent does not answer."
        except Fault as error:
            return error.message
        except Exception as error:  # whatever it is, it is the new release's, and the former one has to come back
            logger.exception("version %s is not well", self._state.to_version)
            return as_fault(error).message

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
        """Do this once the trial is over. What it fails of is kept as the `failure`: nobody may be waiting for it."""
        await self.over.wait()
        try:
            await work()
        except Exception as error:
            logger.exception("what waited for the end of the trial has failed")
            self.failure = as_fault(error).message
            raise
