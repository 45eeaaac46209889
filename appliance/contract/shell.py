"""How the console and the agent speak on the shell's socket: one line of JSON, then frames both ways."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import OperatorModel
from appliance.contract.types import Secret

HELLO_LIMIT = 4096
"""Bytes of the first line at most."""
PAYLOAD_LIMIT = 1 << 16
"""Bytes of one frame's payload at most."""
SIZE_LIMIT = 1000
"""Rows or columns at most."""

_HEADER = struct.Struct("!BI")
_SIZE = struct.Struct("!HH")

Cells = Annotated[int, Field(ge=1, le=SIZE_LIMIT)]


class Kind(IntEnum):
    """Bytes of the terminal, both ways; a new size of it, to the agent; why the shell ended, to the console."""

    DATA = 0
    SIZE = 1
    END = 2


class Hello(OperatorModel):
    """The first line: the ticket, and what the terminal is."""

    ticket: Secret
    rows: Cells
    columns: Cells
    term: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,40}$")]


class FrameProblem(ValueError):
    """The other side broke the framing."""


def frame(kind: Kind, payload: bytes) -> bytes:
    """One frame: kind (1 byte), length of the payload (4 bytes, network order), payload."""
    if len(payload) > PAYLOAD_LIMIT:
        raise ValueError(f"a payload of {len(payload)} bytes")
    return _HEADER.pack(kind, len(payload)) + payload


def size_frame(rows: int, columns: int) -> bytes:
    """A new size of the terminal; what is beyond the limits is brought to them."""
    return frame(Kind.SIZE, _SIZE.pack(*(min(max(one, 1), SIZE_LIMIT) for one in (rows, columns))))


def read_size(payload: bytes) -> tuple[int, int]:
    """Rows and columns. Raises FrameProblem."""
    if len(payload) != _SIZE.size:
        raise FrameProblem("a size of another length")
    rows, columns = _SIZE.unpack(payload)
    if not (1 <= rows <= SIZE_LIMIT and 1 <= columns <= SIZE_LIMIT):
        raise FrameProblem(f"a size of {rows} by {columns}")
    return rows, columns


class Frames:
    """Cuts the bytes that arrive into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Kind, bytes]]:
        """The frames that are complete now. Raises FrameProblem."""
        self._buffer += data
        found = []
        while len(self._buffer) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._buffer)
            if kind not in tuple(Kind) or length > PAYLOAD_LIMIT:
                raise FrameProblem(f"a frame of kind {kind} and {length} bytes")
            if len(self._buffer) < _HEADER.size + length:
                break
            found.append((Kind(kind), bytes(self._buffer[_HEADER.size : _HEADER.size + length])))
            del self._buffer[: _HEADER.size + length]
        return found
