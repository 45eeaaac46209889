"""The disks that are copied: sparse raw files with incompressible data, on tmpfs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
STALE = b"\xff" * MIB


def make_disk(path: Path, capacity: int, data: int, pieces: int) -> None:
    """A disk of this capacity with `data` bytes of noise in pieces spread evenly over it; sizes in bytes, pieces in whole MiB."""
    noise = Cipher(algorithms.AES(os.urandom(16)), modes.CTR(bytes(16))).encryptor()
    block, piece = bytes(MIB), data // pieces // MIB * MIB
    with path.open("wb") as file:
        file.truncate(capacity)
        for number in range(pieces):
            file.seek(capacity // pieces * number // MIB * MIB)
            for _ in range(piece // MIB):
                file.write(noise.update(block))


def make_stale(target: Path, disk: Path) -> None:
    """A target as large as the disk that holds other bytes wherever the disk holds data; done again, it is written over in place.

    So its memory is there before the copy: what is timed is the copying, not how the kernel finds pages, which on a virtual machine
    takes up to twice as long for memory that was given back to the host as for memory that was not.
    """
    with disk.open("rb") as source, target.open("r+b" if target.exists() else "x+b") as file:
        file.truncate(source.seek(0, os.SEEK_END))
        for offset, length in _data(source.fileno()):
            file.seek(offset)
            for _ in range(length // MIB):
                file.write(STALE)


def _data(descriptor: int) -> Iterator[tuple[int, int]]:
    """Where a sparse file holds data, in bytes."""
    end, size = 0, os.fstat(descriptor).st_size
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError:  # nothing but a hole is left
            return
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end - start
