"""An agent that is killed, as by a power cut, right before or after it records a phase of an upgrade: each moment of $KILLS once."""

import os
import runpy
import signal
from pathlib import Path

from appliance.agent.upgrade.state import State, StateFile

KILLS = os.environ["KILLS"].split()
write = StateFile.write


def cut(file: StateFile, moment: str) -> None:
    """End here, unless that was done."""
    mark = Path(file.backup).with_name(f"killed-{moment}")
    if moment in KILLS and not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def write_and_be_killed(file: StateFile, state: State) -> None:
    """In place of the write alone."""
    cut(file, f"before-{state.phase}")
    write(file, state)
    cut(file, f"after-{state.phase}")


StateFile.write = write_and_be_killed  # type: ignore[method-assign]
runpy.run_module("appliance.agent", run_name="__main__", alter_sys=True)
