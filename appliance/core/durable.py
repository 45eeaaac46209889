"""Files that are there whole or not at all, also after a power cut."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.contract.errors import STORE_UNWRITABLE

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Error numbers of a disk, or a share of it, that is full."""


@contextmanager
def writing() -> Iterator[None]:
    """Raises a Fault (`store.unwritable`) where what is inside can't write its files."""
    try:
        yield
    except OSError as error:
        raise STORE_UNWRITABLE(cause=f"{type(error).__name__}: {error}") from error


def replace(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Put a file in place at once; on disk when this returns. Folders above it are made where they are missing."""
    if missing := [one for one in path.parents if not one.is_dir()]:
        path.parent.mkdir(parents=True)
        path.parent.chmod(mode | 0o700 | (mode & 0o044) >> 2)  # who may read the file may pass its folder
        for folder in missing:
            sync(folder.parent)
    draft = draft_of(path)
    try:
        _write(draft, content if isinstance(content, bytes) else content.encode(), mode)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def draft_of(path: Path) -> Path:
    """Where a file is written before it has its name; a power cut leaves it there until the file is put in place again."""
    return path.with_name(f".{path.name}.draft")


def overwrite(path: Path, text: str) -> None:
    """Put a text into a file that is there, in the room that it has: a full disk takes no second one beside it.

    A power cut may leave half of it: only for what is done again then. Raises OSError.
    """
    with path.open("r+b") as file:
        file.write(text.encode())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Remove a file if it is there; gone from the disk when this returns."""
    if path.exists():
        path.unlink()
        sync(path.parent)


def sync(folder: Path) -> None:
    """The names in a folder are on disk when this returns."""
    _sync(folder, os.O_DIRECTORY)


def sync_tree(top: Path) -> None:
    """All files below a folder and their names are on disk: at once first, which is fast; then each by itself, which tells of errors."""
    os.sync()
    for folder, _, names in os.walk(top, topdown=False):
        for name in names:
            if not (path := Path(folder, name)).is_symlink():
                _sync(path, 0)
        sync(Path(folder))


def _sync(path: Path, kind: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | kind)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(draft: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
