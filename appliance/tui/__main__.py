"""`appliance tui`: the console on this terminal."""

from __future__ import annotations

import argparse
import gc
import io
import logging
import logging.handlers
import os
import sys
import threading
from pathlib import Path

from appliance.tui.environment import environment_for, is_meddling
from appliance.tui.signals import be_deaf

SOCKET = "/run/appliance/api.sock"


def main() -> int:
    """Exit codes: 0 left or stopped, 1 no terminal. A crash of a screen starts the program's screens anew."""
    be_deaf()
    parser = argparse.ArgumentParser(prog="appliance tui", description="The appliance's console on this terminal.")
    parser.add_argument("--socket", type=Path, default=Path(SOCKET), help=f"the agent's socket (default {SOCKET})")
    parser.add_argument("--stay", action="store_true", help="can't be left by keys: for the appliance's own screen")
    arguments = parser.parse_args()
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print("The console needs a terminal.", file=sys.stdout)  # noqa: T201 (the program's own answer)
        return 1
    _set_environment()
    _log_elsewhere()
    gc.disable()
    # Only now: Textual reads its environment while it is imported.
    from appliance.tui.loop import Loop

    _keep_what_is_loaded()
    Loop(arguments.socket, can_leave=not arguments.stay).run()
    return 0


def _keep_what_is_loaded() -> None:
    """What is loaded stays for good. Looking through it again and again, while it is loaded too, would be a sixth of the start."""
    gc.freeze()
    gc.enable()


def _set_environment() -> None:
    for name in list(filter(is_meddling, os.environ)):
        del os.environ[name]
    os.environ.update(environment_for(os.environ.get("TERM", "")))
    if isinstance(sys.__stderr__, io.TextIOWrapper):
        sys.__stderr__.reconfigure(encoding="utf-8", errors="replace")


def _log_elsewhere() -> None:
    """The terminal is the screen: what is logged, warned of or raised goes to the system's log where there is one, else nowhere."""
    handler: logging.Handler = logging.NullHandler()
    if Path("/dev/log").exists():
        handler = logging.handlers.SysLogHandler("/dev/log")
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    log = logging.getLogger("appliance.tui")
    sys.excepthook = lambda kind, error, trace: log.critical("the console has ended", exc_info=error)
    sys.unraisablehook = lambda found: log.error("while something was put away", exc_info=found.exc_value)
    threading.excepthook = lambda found: log.error("in the thread %s", found.thread, exc_info=found.exc_value)


if __name__ == "__main__":
    sys.exit(main())
