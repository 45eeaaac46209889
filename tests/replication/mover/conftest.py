"""The mover's tests: a disk, a target full of 0xFF, servers for both, and processes to copy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mover_rig import GRAIN, MIB, Mover, Servers

from appliance.core.commands import Children


@pytest.fixture
def mover() -> Iterator[Callable[..., Mover]]:
    movers: list[Mover] = []

    def start(job: dict[str, Any] | str) -> Mover:
        movers.append(Mover(job))
        return movers[-1]

    yield start
    for one in movers:
        if one.process.poll() is None:
            one.process.kill()
            one.end()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    started = Servers(tmp_path)
    yield started
    for name in list(started.processes):
        started.kill(name)


@pytest.fixture
def children(tmp_path: Path) -> Children:
    return Children(tmp_path / "children")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """24 MiB and a bit: noise, written zeros, holes, lone blocks, and a block of which one byte is set."""
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(24 * MIB + 512)
        for offset, data in (
            (0, os.urandom(3 * MIB)),
            (4 * MIB, bytes(4 * MIB)),
            (9 * MIB + GRAIN, os.urandom(GRAIN)),
            (11 * MIB + 5 * GRAIN + 1000, b"x"),
            (16 * MIB, os.urandom(8 * MIB + 512)),
        ):
            file.seek(offset)
            file.write(data)
    return path


@pytest.fixture
def target(tmp_path: Path, disk: Path) -> Path:
    """As large as the disk, and full of 0xFF."""
    path = tmp_path / "target.raw"
    path.write_bytes(b"\xff" * disk.stat().st_size)
    return path


@pytest.fixture
def job(servers: Servers, disk: Path, target: Path) -> dict[str, Any]:
    """A full copy of the disk to the target over one connection without TLS."""
    return {
        "source": {"socket": servers.serve("source", "-r", "file", str(disk))},
        "targets": [{"socket": servers.serve("target", "file", str(target)), "plain": True}],
        "read": [[0, disk.stat().st_size]],
    }
