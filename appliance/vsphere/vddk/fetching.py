"""The job that fetches the vendor's archive from a web address of the operator's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.disk_library import UPLOAD_LIMIT
from appliance.contract.errors import BODY_TOO_LARGE
from appliance.core.jobs import Job, Run, Step, Workflow
from appliance.core.jobs.lifecycle import ENDED
from appliance.vsphere.vddk.faults import FETCHED_ALREADY, NOT_FETCHED
from appliance.vsphere.vddk.library import Library

KIND = "library-fetch"
CONNECT, SILENCE = 15.0, 30.0
TELL = 1.0
"""Seconds between two words on how far it is."""


class Fetch(Step):
    """Fetches, checks and keeps it; nothing is left of one that did not come whole."""

    name, title = "fetch", "Fetching the archive"

    def __init__(self, library: Library) -> None:
        self._library = library

    async def do(self, run: Run) -> None:
        come = [0]
        async with fetched(str(run.params["address"])) as (total, parts):

            async def tell() -> None:
                while True:
                    await run.progress(come[0] / total if total else 0.0, f"{self.title}: {come[0] >> 20} MiB so far")
                    await asyncio.sleep(TELL)

            telling = asyncio.create_task(tell())
            try:
                got = await self._library.take(parts, lambda size: come.__setitem__(0, size))
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
        await run.log(f"Version {got.version} was fetched and waits to be accepted; its SHA-256 is {got.sha256}.")


class Fetching(Workflow):
    """Only one at a time."""

    kind = KIND

    def __init__(self, library: Library) -> None:
        super().__init__((Fetch(library),))

    def title(self, job: Job) -> str:
        return f"Fetching VMware's disk library from {urlsplit(str(job.params['address'])).hostname or 'a web address'}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        query = select(Job.id).where(Job.kind == KIND, Job.id != job.id, Job.status.not_in(ENDED)).limit(1)
        if await session.scalar(query) is not None:
            raise FETCHED_ALREADY()


@asynccontextmanager
async def fetched(address: str) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
    """The size that is announced (0: unknown), and the parts. Raises NOT_FETCHED, BODY_TOO_LARGE."""
    limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE)
    try:
        async with aiohttp.ClientSession(timeout=limits, auto_decompress=False) as session, session.get(address) as answer:
            if answer.status != 200:
                raise NOT_FETCHED(detail=f"it answers with status {answer.status}")
            if (answer.content_length or 0) > UPLOAD_LIMIT:
                raise BODY_TOO_LARGE(limit=UPLOAD_LIMIT)
            yield answer.content_length or 0, answer.content.iter_any()
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        raise NOT_FETCHED(detail="its certificate is not signed by a known authority", cause=str(error)) from error
    except aiohttp.ClientPayloadError as error:
        raise NOT_FETCHED(detail="it was cut off", cause=str(error)) from error
    except (aiohttp.ClientError, ValueError, TimeoutError) as error:
        raise NOT_FETCHED(detail="it can't be reached", cause=f"{type(error).__name__}: {error}") from error
