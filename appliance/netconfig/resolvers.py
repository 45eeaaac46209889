"""Whether name servers answer: one small question over UDP (RFC 1035)."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Sequence
from enum import StrEnum

_PORT = 53
_RECURSION_DESIRED, _NAME_SERVERS, _INTERNET = 0x0100, 2, 1


class Answer(StrEnum):
    """What came of asking a name server."""

    YES = "answers"
    NO = "does not answer"
    NO_WAY = "there is no way to it now"


async def ask(servers: Sequence[str], *, seconds: float = 2.0) -> dict[str, Answer]:
    """Ask every server for the root's name servers, at once; any answer counts, a refusal too."""
    answers = await asyncio.gather(*(_ask(server, seconds) for server in servers))
    return dict(zip(servers, answers, strict=True))


def question(number: int) -> bytes:
    """The query with this id for the name servers of the root."""
    return struct.pack("!6H", number, _RECURSION_DESIRED, 1, 0, 0, 0) + b"\0" + struct.pack("!2H", _NAME_SERVERS, _INTERNET)


async def _ask(server: str, seconds: float) -> Answer:
    loop, number = asyncio.get_running_loop(), secrets.randbits(16)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    try:
        asking = _connected(family, server)
    except OSError:
        return Answer.NO_WAY
    with asking:
        try:
            async with asyncio.timeout(seconds):
                await loop.sock_sendall(asking, question(number))
                while (await loop.sock_recv(asking, 4096))[:2] != number.to_bytes(2):
                    pass
        except OSError:
            return Answer.NO
    return Answer.YES


def _connected(family: socket.AddressFamily, server: str) -> socket.socket:
    """A socket towards the server; nothing is sent by that. Raises OSError where there is no way to it."""
    made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        made.connect((server, _PORT))
    except OSError:
        made.close()
        raise
    return made
