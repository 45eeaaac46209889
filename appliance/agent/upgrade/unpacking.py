"""Puts a release beside the running one: whole, and on disk, before it has its name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from appliance.agent.upgrade.faults import NO_ROOM
from appliance.agent.upgrade.package import Package
from appliance.agent.upgrade.room import free_bytes, require_room
from appliance.core import durable


def unpack(package: Package, releases: Path, records: int) -> None:
    """Put the release into its folder below `releases`; `records` are the bytes of the records that it is going to take over.

    What an earlier attempt left goes. Raises a Fault; then nothing is left. Blocks.
    """
    version, manifest = package.manifest.version, package.manifest
    draft, folder = releases / f".{version}.draft", releases / version
    shutil.rmtree(draft, ignore_errors=True)
    require_room(manifest, records, releases)
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
