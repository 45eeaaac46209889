"""Files of which only the newest ones are kept. Every call reads or writes files, and any of these may go meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path


def newest_first(paths: Iterable[Path]) -> list[Path]:
    """Those that are there, by the time of their last change."""
    found = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(found, reverse=True)]


def thin_out(paths: Iterable[Path], kept: int, latest: Path) -> None:
    """All but the `kept` newest ones go. The latest is one of these, whatever the clock says."""
    others = [path for path in newest_first(paths) if path != latest]
    for path in others[kept - 1 :]:
        path.unlink(missing_ok=True)
