"""What a connection is, decided by its first bytes alone (pure: bytes in, verdict out)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST_LINE = 128
"""Bytes of the line that opens a data connection, its newline included."""

_DATA = b"NBD "
_TLS_HANDSHAKE, _CLIENT_HELLO = 0x16, 0x01
_TOKEN = re.compile(rb"NBD ([A-Za-z0-9_-]{16,100})\n")


class Kind(Enum):
    """Who is to serve a connection."""

    SSH = "ssh"
    DATA = "data"
    TLS = "tls"
    OTHER = "other"


@dataclass(frozen=True)
class Verdict:
    """The decision; `kind` is None while at least `need` bytes have to be there before it can be made."""

    kind: Kind | None
    need: int = 0
    line: bytes = b""


def sniff(first: bytes) -> Verdict:
    """Decide by the first bytes: `SSH-` (RFC 4253, 4.2), `NBD <token>` and a newline, or a TLS ClientHello (RFC 8446, 5.1)."""
    if first.startswith(_DATA):
        return _line(first)
    if first.startswith(b"SSH-"):
        return Verdict(Kind.SSH)
    if first[:1] == bytes([_TLS_HANDSHAKE]):
        return _client_hello(first)
    if len(first) < 4 and (b"SSH-".startswith(first) or _DATA.startswith(first)):
        return Verdict(None, need=4)
    return Verdict(Kind.OTHER)


def token_of(line: bytes) -> str | None:
    """The token in the line that opens a data connection, None if the line is not one."""
    match = _TOKEN.fullmatch(line)
    return match[1].decode() if match else None


def _line(first: bytes) -> Verdict:
    line, newline, _ = first[:LONGEST_LINE].partition(b"\n")
    if newline:
        return Verdict(Kind.DATA, line=line + newline)
    return Verdict(Kind.OTHER) if len(first) >= LONGEST_LINE else Verdict(None, need=len(first) + 1)


def _client_hello(first: bytes) -> Verdict:
    if len(first) < 6:
        return Verdict(None, need=6)
    return Verdict(Kind.TLS if first[1] == 3 and first[5] == _CLIENT_HELLO else Kind.OTHER)
