"""sshd and all it has started: they live in a namespace of process numbers of their own, so none can leave it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Iterable
from pathlib import Path

from appliance.core.commands import start_time

_log = logging.getLogger(__name__)

_KILL_LIMIT = 5.0
_LOOK_EVERY = 0.02


def confined(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command in a namespace of its own: when it ends or is killed, the kernel kills all it has started (pid_namespaces(7))."""
    return ("unshare", "--pid", "--fork", "--kill-child", *argv)


def namespaces(pids: Iterable[int]) -> frozenset[str]:
    """The namespaces that these processes have made for their children."""
    found = {_link(f"/proc/{pid}/ns/pid_for_children") for pid in pids}
    return frozenset(found - {_link("/proc/self/ns/pid"), ""})


def members(inside: frozenset[str]) -> list[int]:
    """Pids of all that live in these namespaces; what has ended and is only not reaped yet does not."""
    if not inside:
        return []
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if _link(f"/proc/{pid}/ns/pid") in inside and start_time(pid) is not None]


def first(inside: frozenset[str]) -> int | None:
    """Pid of the one that all others come from: it has the number 1 there (proc(5), NSpid)."""
    return next((pid for pid in members(inside) if _number(pid) == "1"), None)


def sessions(inside: frozenset[str], user: str) -> int:
    """How many consoles are open: sshd's process of each is called `sshd: user@pts/1`."""
    return sum(_title(pid).startswith(f"sshd: {user}@".encode()) for pid in members(inside))


async def end(inside: frozenset[str]) -> None:
    """Kill all that live in these namespaces; returns when none is left."""
    until = asyncio.get_running_loop().time() + _KILL_LIMIT
    while left := await asyncio.to_thread(members, inside):
        if asyncio.get_running_loop().time() > until:
            _log.error("processes of the console over SSH can't be ended: %s", left)
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(_LOOK_EVERY)


def _link(path: str) -> str:
    """Where the link points; empty when the process is gone."""
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _number(pid: int) -> str:
    """The process's number in its own namespace."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split()[-1] for line in lines if line.startswith("NSpid:")), "")


def _title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
