"""CloudStack's virtual router: it serves user data on the address that leases addresses (administrator's guide, "User data").

It is plain HTTP, and whoever is in the network can answer it: what comes is a proposal that the operator looks at, like the rest.
"""

from __future__ import annotations

import logging

import aiohttp

SECONDS = 2.0
LARGEST = 1 << 16
"""Bytes; one more is read, so that what is larger is seen to be."""
PATH = "/latest/user-data"

_log = logging.getLogger(__name__)


async def user_data(server: str, port: int = 80) -> bytes | None:
    """What this server serves, empty where it has nothing; None where it did not answer in time."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    address = f"http://{server}:{port}{PATH}"
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(address, allow_redirects=False, headers={"Accept-Encoding": "identity"}) as answer,
        ):
            return await _bounded(answer.content) if answer.status == 200 else b""
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        _log.debug("no user data from %s: %s", server, error)
        return None


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    read = bytearray()
    while len(read) <= LARGEST and (part := await content.read(LARGEST + 1 - len(read))):
        read += part
    return bytes(read)
