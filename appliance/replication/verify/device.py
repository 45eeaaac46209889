"""Reading the copy as it is on the disk, not as it is remembered: for a thread."""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

from appliance.replication.verify.digest import digest

ALIGNMENT = 4096
"""What unbuffered reads of any disk are a multiple of."""


def digests(device: Path, blocks: Sequence[tuple[int, int]]) -> list[str]:
    """The digest of each block (offset, length). Raises OSError; a block that reaches beyond the end is one, too."""
    descriptor = _opened(device)
    try:
        with mmap.mmap(-1, max(_rounded_up(length) for _, length in blocks)) as buffer:  # its memory is aligned as it must be
            return [_digest(descriptor, buffer, offset, length) for offset, length in blocks]
    finally:
        os.close(descriptor)


def _opened(device: Path) -> int:
    """Without the page cache; where the file system does not have that, after its pages were written and dropped."""
    try:
        return os.open(device, os.O_RDONLY | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    descriptor = os.open(device, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    return descriptor


def _digest(descriptor: int, buffer: mmap.mmap, offset: int, length: int) -> str:
    if offset % ALIGNMENT:
        raise OSError(errno.EINVAL, "a block does not begin where it can be read")
    done = 0
    with memoryview(buffer) as memory:
        while done < length:
            # What was read so far is a multiple of the alignment, unless the disk has ended.
            count = os.preadv(descriptor, [memory[done : _rounded_up(length)]], offset + done)
            if not count:
                raise OSError(errno.EIO, f"the disk ends at {offset + done}")
            done += count
        return digest(memory[:length])


def _rounded_up(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT
