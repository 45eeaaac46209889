"""Reading and writing the disks of a running machine over its NBD server; every function blocks and belongs in a thread."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbd

Extent = tuple[int, int]

DIRTY = 1  # the flag of a changed extent in QEMU's dirty-bitmap context (docs/interop/nbd.txt in QEMU's source)
REQUEST = 1 << 30  # one block status request covers at most this
CHUNK = 8 << 20


@contextmanager
def _connected(socket: Path, export: str, context: str | None = None) -> Iterator[nbd.NBD]:
    handle = nbd.NBD()
    handle.set_export_name(export)
    if context is not None:
        handle.add_meta_context(context)
    folder = os.open(socket.parent, os.O_PATH)  # a socket's own path may be longer than the 107 bytes that the kernel takes
    try:
        handle.connect_unix(f"/proc/self/fd/{folder}/{socket.name}")
        yield handle
        handle.shutdown()
    finally:
        os.close(folder)


def dirty_extents(socket: Path, export: str, bitmap: str) -> list[Extent]:
    """The extents that are set in an exported bitmap."""
    dirty: list[Extent] = []
    context = f"qemu:dirty-bitmap:{bitmap}"
    with _connected(socket, export, context) as handle:
        size, offset = int(handle.get_size()), 0
        while offset < size:
            for length, flags in _status(handle, context, offset, min(REQUEST, size - offset)):
                if flags & DIRTY:
                    dirty.append((offset, min(length, size - offset)))
                offset += length
    return dirty


def _status(handle: nbd.NBD, context: str, offset: int, length: int) -> list[Extent]:
    """(length, flags) of the extents from `offset` on."""
    found: list[Extent] = []

    def take(name: str, _offset: int, entries: list[int], _error: object) -> int:
        if name == context:
            found.extend(zip(entries[::2], entries[1::2], strict=True))
        return 0

    handle.block_status(length, offset, take)
    return found


def read(socket: Path, export: str, offset: int, length: int) -> bytes:
    """The bytes of an export."""
    with _connected(socket, export) as handle:
        return b"".join(bytes(handle.pread(min(CHUNK, offset + length - at), at)) for at in range(offset, offset + length, CHUNK))


def write(socket: Path, export: str, offset: int, data: bytes) -> None:
    """Write and flush."""
    with _connected(socket, export) as handle:
        for at in range(0, len(data), CHUNK):
            handle.pwrite(data[at : at + CHUNK], offset + at)
        handle.flush()


def zero(socket: Path, export: str, offset: int, length: int) -> None:
    """Write zeros and flush."""
    with _connected(socket, export) as handle:
        handle.zero(length, offset)
        handle.flush()
