"""Files that come from a web address of the operator's, or go to one. Whoever takes a file checks it: the way there is only bounded."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from appliance.contract.errors import BODY_TOO_LARGE, fault

CONNECT, SILENCE, LONGEST = 15.0, 30.0, 4 * 3600.0
"""Seconds until there is a connection, without a word from the other side, and for all of it."""
PIECE = 1 << 18

NOT_FETCHED = fault(
    "web.not_fetched",
    502,
    "The file can't be fetched from this address: {detail}.",
    "Check the address, and that this appliance may reach it. Nothing was changed.",
)
NOT_SENT = fault(
    "web.not_sent",
    502,
    "The file can't be sent to this address: {detail}.",
    "Check the address, that this appliance may reach it, and that files may be put there. The file is still on this appliance.",
)
Heard = Callable[[int], None]
"""Is told how many bytes have been moved."""
_LIMITS = aiohttp.ClientTimeout(total=LONGEST, sock_connect=CONNECT, sock_read=SILENCE)
_FAILURES = (aiohttp.ClientError, TimeoutError)


@asynccontextmanager
async def fetched(address: str, limit: int) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
    """The size that is announced (0: unknown), and the parts. Raises NOT_FETCHED, BODY_TOO_LARGE."""
    plain = {"Accept-Encoding": "identity"}
    try:
        async with (
            aiohttp.ClientSession(timeout=_LIMITS, auto_decompress=False, headers=plain) as session,
            session.get(address) as answer,
        ):
            if answer.status != 200:
                raise NOT_FETCHED(detail=f"it answers with status {answer.status}")
            if (answer.content_length or 0) > limit:
                raise BODY_TOO_LARGE(limit=limit)
            yield answer.content_length or 0, answer.content.iter_any()
    except _FAILURES as error:
        raise NOT_FETCHED(detail=_why(error), cause=f"{type(error).__name__}: {error}") from error


async def sent(path: Path, address: str, fingerprint: str = "", heard: Heard = lambda _: None) -> None:
    """Put a file there, whole. With a fingerprint (SHA-256) the server is known by its certificate alone.

    Raises NOT_SENT, and FileNotFoundError when the file is gone.
    """
    known = aiohttp.Fingerprint(bytes.fromhex(fingerprint.replace(":", ""))) if fingerprint else True
    descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        # Places that are given out for one file want to know its length first.
        about = {"Content-Type": "application/octet-stream", "Content-Length": str(os.fstat(descriptor).st_size)}
        parts = _read(descriptor, heard)
        async with (
            aiohttp.ClientSession(timeout=_LIMITS) as session,
            session.put(address, data=parts, headers=about, ssl=known, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise NOT_SENT(detail=f"it answers with status {answer.status}")
    except _FAILURES as error:
        raise NOT_SENT(detail=_why(error), cause=f"{type(error).__name__}: {error}") from error
    finally:
        os.close(descriptor)


async def _read(descriptor: int, heard: Heard) -> AsyncIterator[bytes]:
    at = 0
    while piece := await asyncio.to_thread(os.pread, descriptor, PIECE, at):
        yield piece
        at += len(piece)
        heard(at)


def _why(error: Exception) -> str:
    """What is wrong with the other side, in the operator's words (pure)."""
    match error:
        case aiohttp.ServerFingerprintMismatch():
            return "its certificate is another one"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is not signed by a known authority"
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | aiohttp.ClientConnectionResetError():
            return "it was cut off"
        case aiohttp.ClientConnectionError() if not isinstance(error, aiohttp.SocketTimeoutError):
            return "it can't be reached"
        case TimeoutError():
            return "it takes too long"
    return "it can't be reached"
