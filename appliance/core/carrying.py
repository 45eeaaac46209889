"""Kinds of jobs that fetch a file from a web address, or send one that is kept here to one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import NOT_FOUND, fault
from appliance.core.jobs import Job, Run, Runner, Step, Workflow, refuse_beside
from appliance.core.web import Heard, fetched, sent

UNDER_WAY = fault(
    "web.under_way", 409, "A file of this kind is under way already.", "Wait until it has ended, or cancel its job; then try again."
)
TELL = 1.0
"""Seconds between two words on how far it is."""

Take = Callable[[AsyncIterator[bytes], Heard], Awaitable[str]]
"""Checks and keeps what comes; answers the line for the job's log. Nothing is left of what is not good, or did not come whole."""
Find = Callable[[str], Path | None]
"""Where the file of a name is; blocks."""


class _Fetch(Step):
    name, title = "fetch", "Fetching the file"

    def __init__(self, limit: int, take: Take) -> None:
        self._limit, self._take = limit, take

    async def do(self, run: Run) -> None:
        async with (
            fetched(str(run.params["address"]), self._limit) as (total, parts),
            _telling(run, self.title, total) as heard,
        ):
            said = await self._take(parts, heard)
        await run.log(said)


class _Send(Step):
    name, title = "send", "Sending the file"

    def __init__(self, find: Find) -> None:
        self._find = find

    async def do(self, run: Run) -> None:
        name = str(run.params["name"])
        try:
            path = await asyncio.to_thread(self._find, name)
            if path is None:
                raise FileNotFoundError
            async with _telling(run, self.title, (await asyncio.to_thread(path.stat)).st_size) as heard:
                await sent(path, str(run.params["address"]), str(run.params["fingerprint"]), heard)
        except FileNotFoundError:
            raise NOT_FOUND(noun="file", id=name) from None


class _Carrying(Workflow):
    """One at a time of its kind."""

    def __init__(self, kind: str, what: str, step: Step) -> None:
        super().__init__([step])
        self.kind, self.what = kind, what

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, UNDER_WAY)


class Fetching(_Carrying):
    """Fetches files of one kind, of at most `limit` bytes; `what` is what the operator calls one. Parameters: `FetchFrom`."""

    def __init__(self, kind: str, what: str, limit: int, take: Take) -> None:
        super().__init__(kind, what, _Fetch(limit, take))

    def title(self, job: Job) -> str:
        return f"Fetching {self.what} from {_host(job)}"


class Sending(_Carrying):
    """Sends files of one kind, which `find` finds by their names. Parameters: `SendTo`, and the `name` of the file."""

    def __init__(self, kind: str, what: str, find: Find) -> None:
        super().__init__(kind, what, _Send(find))
        self._find = find

    async def claim(self, session: AsyncSession, job: Job) -> None:
        if await asyncio.to_thread(self._find, str(job.params["name"])) is None:
            raise NOT_FOUND(noun=self.what, id=job.params["name"])
        await super().claim(session, job)

    def title(self, job: Job) -> str:
        return f"Sending a {self.what} to {_host(job)}"


def make_known(runner: Runner, *kinds: _Carrying) -> None:
    """Such a job is started again as it was."""
    for one in kinds:
        runner.register(one, lambda job: runner.submit(job.kind, job.params))


def _host(job: Job) -> str:
    return urlsplit(str(job.params["address"])).hostname or "a web address"


@asynccontextmanager
async def _telling(run: Run, title: str, total: int) -> AsyncIterator[Heard]:
    """Says every second how many bytes were heard of."""
    moved = [0]

    async def tell() -> None:
        while True:
            await run.progress(moved[0] / total if total else 0.0, f"{title}: {moved[0] >> 20} MiB so far")
            await asyncio.sleep(TELL)

    task = asyncio.create_task(tell())
    try:
        yield lambda size: moved.__setitem__(0, size)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
