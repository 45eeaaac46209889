"""A long file that comes in parts: looked at when it is whole, gone unless it is kept, and never more of it than may come."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from appliance.contract.errors import BODY_TOO_LARGE, fault
from appliance.core.cancelling import to_its_end
from appliance.core.durable import writing

PIECE = 1 << 20
"""Bytes that are written at once."""
SILENCE, LEAST = 60.0, 64 << 10
"""Seconds after which a sender is given up that has not sent so many bytes meanwhile: one that sends a byte now and then never ends."""
KEPT_FREE = 64 << 20
"""Bytes of the disk that no file from outside may take: the appliance's records are on it."""
DRAFT = ".part"

STOPPED = fault(
    "upload.stopped",
    408,
    "The file stopped coming, or all but stopped, after {size} bytes; nothing of it is kept.",
    "Check the connection and send it again.",
)
NO_ROOM = fault(
    "upload.no_room", 507, "There is no room for this file on the appliance's disk.", "Remove what is not needed or enlarge the disk."
)


@dataclass(frozen=True)
class Received:
    """A file that is whole and on disk, under a name that does not last."""

    path: Path
    size: int
    sha256: str


@asynccontextmanager
async def received(
    parts: AsyncIterator[bytes], folder: Path, *, limit: int, heard: Callable[[int], None] | None = None, silence: float = SILENCE
) -> AsyncIterator[Received]:
    """All of the parts, in a file (0600) for the block: who keeps it moves it to its place in the folder, otherwise it goes.

    `limit` is the greatest size in bytes; `heard` is told how many have come. However this is left, nothing else is left behind.
    Raises Faults: `request.too_large`, `upload.stopped`, `upload.no_room`, `store.unwritable`; and whatever `parts` raises.
    """
    draft = folder / f".{uuid4().hex}{DRAFT}"
    try:
        with writing():
            file = await to_its_end(asyncio.to_thread(_open, draft))
        with file:
            size, digest = await _take(parts, file, limit, heard, silence)
            with writing():
                await asyncio.to_thread(_settle, file)
        yield Received(draft, size, digest)
    finally:
        draft.unlink(missing_ok=True)


def sweep(state_dir: Path) -> None:
    """Remove what an agent that was killed had begun to receive, in whichever folder of the appliance's state. Only while none receives."""
    for left in state_dir.glob(f"*/.*{DRAFT}"):
        left.unlink(missing_ok=True)


def leave_room(file: int, size: int) -> None:
    """Raises NO_ROOM where so many bytes more would take the records' room on the disk that an open file is on."""
    if shutil.disk_usage(file).free < size + KEPT_FREE:
        raise NO_ROOM()


async def _take(
    parts: AsyncIterator[bytes], file: BinaryIO, limit: int, heard: Callable[[int], None] | None, silence: float
) -> tuple[int, str]:
    size, digest, waiting, patience = 0, hashlib.sha256(), bytearray(), _Patience(silence)
    while (part := await patience.next(parts, size)) is not None:
        size += len(part)
        if size > limit:
            raise BODY_TOO_LARGE(limit=limit)
        waiting += part
        if len(waiting) >= PIECE:
            await _write(file, bytes(waiting), digest.update)
            waiting.clear()
            if heard is not None:
                heard(size)
    await _write(file, bytes(waiting), digest.update)
    return size, digest.hexdigest()


class _Patience:
    """How long a sender is waited for, whatever is done here in between."""

    def __init__(self, silence: float) -> None:
        self._silence = self._left = silence
        self._came = 0

    async def next(self, parts: AsyncIterator[bytes], size: int) -> bytes | None:
        """The next part after `size` bytes, None when all have come. Raises STOPPED."""
        clock = asyncio.get_running_loop().time
        if size - self._came >= LEAST:
            self._came, self._left = size, self._silence
        began = clock()
        try:
            async with asyncio.timeout(self._left):
                return await anext(parts, None)
        except TimeoutError as error:
            raise STOPPED(size=size) from error
        finally:
            self._left -= clock() - began


async def _write(file: BinaryIO, piece: bytes, digest: Callable[[bytes], None]) -> None:
    def write() -> None:
        leave_room(file.fileno(), len(piece))
        digest(piece)
        file.write(piece)

    with writing():
        await asyncio.to_thread(write)


def _open(draft: Path) -> BinaryIO:
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
