"""Programs that start programs: all that descends from one that was started in a session of its own (setsid(2)) ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

_STATE, _SESSION, _STARTED = 0, 3, 19
"""Where the fields stand behind the program's name (proc(5), fields 3, 6 and 22)."""


def stat(pid: int) -> list[str] | None:
    """The fields of a process behind its name; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[_STATE] in "ZX" else fields


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None if it is gone or a zombie."""
    fields = stat(pid)
    return None if fields is None else int(fields[_STARTED])


def members(leader: int, started: int) -> list[int]:
    """Pids of the session that `leader` began at that time, also when it has ended itself: its number is not given away before all have."""
    if start_time(leader) not in (None, started):
        return []
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = stat(int(folder.name))
        if fields is not None and int(fields[_SESSION]) == leader and int(fields[_STARTED]) >= started:
            found.append(int(folder.name))
    return found


def kill_members(leader: int, started: int) -> bool:
    """Kill everything in that session; whether there was something."""
    found = members(leader, started)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(found)


async def over(pid: int) -> None:
    """Wait until a process has ended. asyncio's own waiting lasts until everybody has closed its pipes, also what it has left behind."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def end(leader: int, started: int) -> None:
    """Kill everything in that session, and return when nothing of it is left."""
    while True:
        if not kill_members(leader, started):
            return
        await asyncio.sleep(0.01)
