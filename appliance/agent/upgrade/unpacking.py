"""Puts a release beside the running one: whole, and on disk, before it has its name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from appliance.agent.upgrade.faults import NO_ROOM
from appliance.agent.upgrade.manifest import Manifest
from appliance.agent.upgrade.package import Package
from appliance.core import durable

ROOM = 128 << 20
"""Bytes that stay free beside the release: for the back-up of the records, and what is written meanwhile."""


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written to the disk that `folder` is on."""
    return shutil.disk_usage(folder).free


def require_room(manifest: Manifest, releases: Path, free: Callable[[Path], int] = free_bytes) -> None:
    """Raises a Fault (`upgrade.no_room`)."""
    needed, there = manifest.size + ROOM, free(releases)
    if there < needed:
        raise NO_ROOM(needed_mib=needed >> 20, free_mib=there >> 20)


def unpack(package: Package, releases: Path) -> None:
    """Put the release into its folder below `releases`. What an earlier attempt left goes. Raises a Fault; then nothing is left. Blocks."""
    version, manifest = package.manifest.version, package.manifest
    draft, folder = releases / f".{version}.draft", releases / version
    shutil.rmtree(draft, ignore_errors=True)
    require_room(manifest, releases)
    try:
        _write(package, draft)
        durable.sync_tree(draft)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except OSError as error:
        if error.errno in durable.DISK_FULL:
            raise NO_ROOM(needed_mib=manifest.size >> 20, free_mib=free_bytes(releases) >> 20, cause=str(error)) from error
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    durable.sync(releases)


def _write(package: Package, draft: Path) -> None:
    draft.mkdir()
    for entry, content in package.files():
        path = draft / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o755 if entry.executable else 0o644
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            for piece in content:
                file.write(piece)
    for folder, _, _ in os.walk(draft):
        Path(folder).chmod(0o755)
