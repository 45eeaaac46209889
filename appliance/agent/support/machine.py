"""What can be seen of the machine: versions, load, disks, addresses, and the agent's own processes."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

from appliance.agent.version import VERSION
from appliance.core import commands

PROC = Path("/proc")
LIMIT = 10.0
"""Seconds that a program has to tell what it knows."""


@dataclass(frozen=True)
class Process:
    """A running program that the agent started, or one of its programs did."""

    pid: int
    parent: int
    name: str
    state: str
    threads: int
    resident_kib: int
    command: str


def versions() -> dict[str, object]:
    """Our own version, Python's, the kernel's and those of Python packages."""
    return {
        "appliance": VERSION,
        "python": sys.version,
        "kernel": " ".join(platform.uname()),
        "packages": dict(sorted((one.metadata["Name"], one.version) for one in distributions())),
    }


def load(folder: Path) -> dict[str, object]:
    """Load, memory, pressure and room on the disk that `folder` is on."""
    texts = {name: _text(PROC / name).strip() for name in ("loadavg", "uptime", "meminfo", "pressure/io", "pressure/memory")}
    return {**texts, "disk": shutil.disk_usage(folder)._asdict(), "cpus": os.cpu_count()}


async def told(*argv: str) -> str:
    """What a program prints. Raises OSError, TimeoutError or CommandFailed."""
    done = await commands.run(argv, timeout=LIMIT)
    return done.stdout.decode(errors="replace")


def processes() -> list[dict[str, object]]:
    """This process and everything that descends from it."""
    return [asdict(one) for one in family(os.getpid(), filter(None, map(_process, PROC.glob("[0-9]*"))))]


def family(root: int, everyone: Iterable[Process]) -> list[Process]:
    """`root` and its descendants, parents before children."""
    children: dict[int, list[Process]] = {}
    found, waiting = [], list[Process]()
    for one in everyone:
        children.setdefault(one.parent, []).append(one)
        if one.pid == root:
            waiting.append(one)
    while waiting:
        one = waiting.pop(0)
        found.append(one)
        waiting += children.pop(one.pid, [])
    return found


def _process(folder: Path) -> Process | None:
    """A process from proc(5); None when it is gone."""
    status = dict(line.split(":\t", 1) for line in _text(folder / "status").splitlines() if ":\t" in line)
    if "PPid" not in status:
        return None
    return Process(
        pid=int(folder.name),
        parent=int(status["PPid"]),
        name=status["Name"],
        state=status["State"],
        threads=int(status["Threads"]),
        resident_kib=int(status.get("VmRSS", "0 kB").split()[0]),
        command=_text(folder / "cmdline").replace("\0", " ").strip(),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
