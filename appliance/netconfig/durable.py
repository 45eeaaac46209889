"""Files that are there whole or not at all, also after a power cut."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec

from appliance.contract.errors import STORE_UNWRITABLE

_P = ParamSpec("_P")


async def to_its_end(work: Callable[_P, None], *arguments: _P.args, **named: _P.kwargs) -> None:
    """Do it in a thread. A thread can't be stopped: who is cancelled waits for its end, so that none of it comes after what follows."""
    working = asyncio.create_task(asyncio.to_thread(work, *arguments, **named))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


@contextmanager
def writing() -> Iterator[None]:
    """Raises a Fault (`store.unwritable`) where what is inside can't write its files."""
    try:
        yield
    except OSError as error:
        raise STORE_UNWRITABLE(cause=f"{type(error).__name__}: {error}") from error


def replace(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put a file in place at once; on disk when this returns. Folders above it are made where they are missing."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
        path.parent.chmod(mode | 0o700 | (mode & 0o044) >> 2)  # who may read the file may pass its folder
    draft = path.with_name(f".{path.name}.draft")
    try:
        _write(draft, text, mode)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


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
        _sync(path.parent)


def _write(draft: Path, text: str, mode: int) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
