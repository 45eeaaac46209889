"""The disks that are copied: sparse raw files with incompressible data, on tmpfs."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40


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


def make_empty(path: Path, capacity: int) -> None:
    """A disk without data, in place of what was there."""
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(capacity)
