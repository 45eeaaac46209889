"""Files that are there whole or not at all, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put a file in place at once; on disk when this returns. Folders above it are made where they are missing."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        path.parent.chmod(mode | 0o700 | (mode & 0o044) >> 2)  # who may read the file may pass its folder
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def remove(path: Path) -> None:
    """Remove a file if it is there; gone from the disk when this returns."""
    if path.exists():
        path.unlink()
        _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
