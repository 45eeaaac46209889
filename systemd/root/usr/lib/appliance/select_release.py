#!/usr/bin/python3 -I
"""Chooses which release the agent's unit starts, before each start. It is a part of the base system and of no release: a new release
that never becomes well, crashes at its start or hangs can't keep the former one from coming back.

`select_release.py` sets the link `current` to what the state file of the last upgrade says, and counts a trial's starts.
`select_release.py watch COMMAND...` waits for the end of a trial, and runs the command when its time is over.

The state file is shared with appliance/agent/upgrade/state.py; fields that are not known here are kept as they are.
"""

import argparse
import errno
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TRIAL = 120.0
"""Seconds that a new release has to become well."""
STARTS = 3
"""Starts of it, counted over reboots."""
LOOK, GRACE = 2.0, 5.0
"""Seconds between looks at a trial, and those after its time in which the release may end by itself."""
AGAIN = 60.0
"""Seconds until a release that is still on trial then is ended once more."""

TOO_LATE = "it did not become well within 2 minutes."
TOO_OFTEN = "it ended again and again before it was well."
GONE = "its files are not there."

State = dict[str, object]
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def decide(state: State, boot: str, now: float, there: set[str], trial: float = TRIAL) -> State:
    """Where the upgrade stands from this start on; `there` are the releases on the disk, `now` seconds since the boot (pure)."""
    if state["phase"] == "backed_up" and state["to_version"] in there:
        return {**state, "phase": "trial", "boot": boot, "until": now + trial, "starts": 1}
    if state["phase"] != "trial" or state["from_version"] not in there:
        return state
    if reason := _given_up(state, boot, now, there):
        return {**state, "phase": "returning", "reason": reason}
    until = state["until"] if state["boot"] == boot else now + trial
    return {**state, "boot": boot, "until": until, "starts": _number(state["starts"]) + 1}


def chosen(state: State) -> str:
    """The release that is to be started (pure)."""
    return str(state["to_version" if state["phase"] in ("trial", "kept") else "from_version"])


def _given_up(state: State, boot: str, now: float, there: set[str]) -> str:
    if state["to_version"] not in there:
        return GONE
    if state["boot"] == boot and now >= _number(state["until"]):
        return TOO_LATE
    return TOO_OFTEN if _number(state["starts"]) >= STARTS else ""


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def read(path: Path, *, tell: bool = True) -> State | None:
    """The state file; None when there was no upgrade, or what is there can't be used."""
    try:
        state = json.loads(path.read_text())
        if all(_VERSION.fullmatch(state[key]) for key in ("from_version", "to_version")) and {"phase", "boot", "until", "starts"} <= set(
            state
        ):
            return dict(state)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        if tell:
            sys.stderr.write(f"the record of the last upgrade can't be read: {error!r}\n")
    return None


def write(path: Path, state: State) -> None:
    """Whole, and on disk when this returns."""
    draft = path.with_name(f".{path.name}.base")
    with draft.open("w") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(state, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def overwrite(path: Path, state: State) -> None:
    """The same in the room of the state before, where the disk has no other; a power cut may leave half of it."""
    with path.open("r+") as file:
        json.dump(state, file, indent=2)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def link(home: Path, version: str) -> None:
    """`current` leads to this release; changed at once, and on disk when this returns."""
    target, current, draft = f"releases/{version}", home / "current", home / ".current.new"
    if not (home / target).is_dir() or (current.is_symlink() and str(current.readlink()) == target):
        return
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(current)
    _sync(home)


def select(path: Path, home: Path, boot: str, now: float, trial: float = TRIAL) -> None:
    """Decide, record it, then change the link: a power cut in between is made good by the next start."""
    state = read(path)
    if state is None:
        return
    found = decide(state, boot, now, {one.parent.name for one in home.glob("releases/*/lib")}, trial)
    if found != state:
        try:
            write(path, found)
        except OSError as error:
            if error.errno != errno.ENOSPC or state["phase"] != "trial":  # none begins on a full disk, but each ends
                raise
            overwrite(path, found)
    link(home, chosen(found))


def watch(path: Path, boot: str, command: list[str]) -> None:
    """Wait for the end of the trial; run the command when its time is over, so that the former release is started.

    A record that can't be read now is looked at again: it may be about to be written. And what has not helped is done again.
    """
    told = False
    while path.exists():
        state, pause = read(path, tell=not told), LOOK
        told = state is None
        if state is not None and state["phase"] not in ("ordered", "backed_up", "trial"):
            return
        if state is not None and state["phase"] == "trial" and state["boot"] == boot and _now() >= _number(state["until"]) + GRACE:
            subprocess.run(command, check=False)
            pause = AGAIN
        time.sleep(pause)


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main() -> int:
    """Exit code 0 whatever becomes of a choice: an agent is started in any case. 1 when a watch is broken off: it is begun anew."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, default=Path("/var/lib/appliance/upgrade/state.json"))
    parser.add_argument("--home", type=Path, default=Path("/opt/appliance"))
    parser.add_argument("--boot-id", type=Path, default=Path("/proc/sys/kernel/random/boot_id"))
    parser.add_argument("--trial", type=float, default=TRIAL, help="seconds that a new release has to become well")
    parser.add_argument("action", nargs="?", choices=("watch",))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        boot = options.boot_id.read_text().strip()
        if options.action:
            watch(options.state, boot, options.command)
        else:
            select(options.state, options.home, boot, _now(), options.trial)
    except OSError as error:
        sys.stderr.write(f"the release could not be chosen: {error}\n")
        return 1 if options.action else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
