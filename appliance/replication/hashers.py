"""The parent of a hashing process: starts it, asks it page by page, and leaves none behind."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from appliance.core.commands import Child, Children
from appliance.replication.extents import Extent
from appliance.replication.mover.protocol import CopyError, Kind, Source
from appliance.replication.movers import process_environment

ARGV = (sys.executable, "-S", "-P", "-m", "appliance.replication.hasher")
"""Without `site`, as the copying processes."""


class Hasher:
    """One process at one source."""

    def __init__(self, child: Child) -> None:
        self._child = child

    async def digests(self, blocks: Sequence[Extent]) -> list[str]:
        """The digests of these blocks of the source, in their order. Raises CopyError."""
        await self._say({"blocks": [list(one) for one in blocks]})
        found: list[str] = (await self._heard("hashed"))["digests"]
        return found

    async def ready(self, source: Source) -> None:
        """Tell where the source is; return when it is connected. Raises CopyError."""
        await self._say(asdict(source))
        await self._heard("ready")

    async def _say(self, document: dict[str, object]) -> None:
        stdin = self._child.process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
            await stdin.drain()
        except ConnectionError as error:
            raise CopyError(Kind.SOURCE_LOST, "the hashing process has ended") from error

    async def _heard(self, wanted: str) -> dict[str, Any]:
        stdout = self._child.process.stdout
        assert stdout is not None
        line = await stdout.readline()
        if not line:
            raise CopyError(Kind.SOURCE_LOST, "the hashing process ended without a word")
        event: dict[str, Any] = json.loads(line)
        if event["event"] != wanted:
            raise CopyError(Kind(event["kind"]), event["message"], event["offset"], event["errno"])
        return event


@asynccontextmanager
async def hashing(children: Children, owner: str, source: Source) -> AsyncIterator[Hasher]:
    """A process that is ready, for the time of the block; it has been reaped afterwards. Raises CopyError."""
    pipe = asyncio.subprocess.PIPE
    child = await children.spawn(owner, ARGV, stdin=pipe, stdout=pipe, stderr=None, env=process_environment())
    try:
        hasher = Hasher(child)
        await hasher.ready(source)
        yield hasher
    finally:
        await child.kill()
