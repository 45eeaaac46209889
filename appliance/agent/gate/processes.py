"""Every process that a shell has started, also those that left its session or outlived their agent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

_log = logging.getLogger(__name__)

MARK = "APPLIANCE_SHELL"
"""The variable in a shell's environment that tells whose it is: this appliance's id."""

_KILL_LIMIT = 5.0
_LOOK_EVERY = 0.05


def started_by(appliance_id: str, session: int | None = None) -> set[int]:
    """Pids of all that live: those that carry the mark, and whoever is in a session with one of them, or in `session`.

    A session's number stays taken while one process is in it (setsid(2)), so nobody else's is hit.
    """
    mark = f"{MARK}={appliance_id}".encode()
    sessions = {pid: found for pid in _pids() if (found := _session(pid)) is not None}
    marked = {pid for pid in sessions if mark in _environment(pid).split(b"\0")}
    theirs = {sessions[pid] for pid in marked} | ({session} if session is not None else set())
    theirs.discard(os.getsid(0))  # an agent that was itself started in such a shell does not end itself
    return {pid for pid, found in sessions.items() if found in theirs}


async def end_all(appliance_id: str, grace: float, session: int | None = None) -> int:
    """End them: hang up, and kill after `grace` seconds what is left. Returns how many there were."""
    first = await _look(appliance_id, session)
    left = first
    for number, seconds in ((signal.SIGHUP, grace), (signal.SIGKILL, _KILL_LIMIT)):
        until = asyncio.get_running_loop().time() + seconds
        told: set[int] = set()
        while left and asyncio.get_running_loop().time() < until:
            _send(number, left - told)
            told |= left
            await asyncio.sleep(_LOOK_EVERY)
            left = await _look(appliance_id, session)
    if left:
        _log.error("processes of the vendor's shell can't be ended: %s", sorted(left))
    return len(first)


async def _look(appliance_id: str, session: int | None) -> set[int]:
    """Those that live. Nobody counts only when nobody is seen twice: a process that is being replaced shows no environment."""
    for pause in (0.0, _LOOK_EVERY):
        await asyncio.sleep(pause)
        if found := await asyncio.to_thread(started_by, appliance_id, session):
            return found
    return set()


def _send(number: signal.Signals, pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _session(pid: int) -> int | None:
    """The session of a process (proc(5), field 6 of stat); None for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[3])


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""
