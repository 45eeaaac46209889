"""What of a source is allocated, asked by block status, for sources that can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import nbd

from appliance.replication.extents import Extent, Extents
from appliance.replication.mover.protocol import CopyError, Kind, Source

ASK: Final = (1 << 32) - (1 << 20)
"""Bytes asked about by one request; the protocol has 32 bits for it."""


def allocated(source: Source) -> tuple[int, Extents]:
    """Capacity in bytes and what does not read as zero by the metadata alone (NBD protocol, `base:allocation`, NBD_STATE_ZERO).

    Everything, where the source cannot tell. Blocks: for a thread. Raises CopyError.
    """
    handle = nbd.NBD()
    handle.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    handle.set_export_name(source.export)
    try:
        handle.connect_unix(source.socket)
        capacity = int(handle.get_size())
        if not handle.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION):
            return capacity, Extents.whole(capacity)
        return capacity, Extents.of(_data(handle, capacity))
    except nbd.Error as error:
        raise CopyError(Kind.SOURCE_LOST, "the source did not tell what is allocated", errno=error.errnum) from error


def _data(handle: nbd.NBD, capacity: int) -> list[Extent]:
    found: list[Extent] = []
    offset = 0
    while offset < capacity:
        answer: list[int] = []

        def told(_context: str, _offset: int, entries: Sequence[int], _error: object, answer: list[int] = answer) -> int:
            answer.extend(entries)
            return 0

        handle.block_status(min(capacity - offset, ASK), offset, told)
        start = offset
        for length, flags in zip(answer[::2], answer[1::2], strict=True):
            length = min(length, capacity - offset)
            if not flags & nbd.STATE_ZERO:
                found.append(Extent(offset, length))
            offset += length
        if offset == start:
            raise CopyError(Kind.SOURCE_ERROR, "the source told nothing about a range", offset)
    return found
