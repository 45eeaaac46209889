"""`appliance tui`: the console on this terminal."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import os
import signal
import sys
import traceback
from pathlib import Path

from appliance.tui.environment import environment_for

SOCKET = "/run/appliance/api.sock"


def main() -> int:
    """Exit codes: 0 left or stopped, 1 no terminal. A crash of a screen starts the program's screens anew."""
    parser = argparse.ArgumentParser(prog="appliance tui", description="The appliance's console on this terminal.")
    parser.add_argument("--socket", type=Path, default=Path(SOCKET), help=f"the agent's socket (default {SOCKET})")
    parser.add_argument("--stay", action="store_true", help="can't be left by keys: for the appliance's own screen")
    arguments = parser.parse_args()
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print("The console needs a terminal.", file=sys.stdout)  # noqa: T201 (the program's own answer)
        return 1
    os.environ.update(environment_for(os.environ.get("TERM", "")))
    _log_elsewhere()
    return _run(arguments.socket, can_leave=not arguments.stay)


def _run(socket: Path, *, can_leave: bool) -> int:
    """Textual is imported only now, when its environment is set."""
    from appliance.contract.client import Transport
    from appliance.tui.agent import Agent
    from appliance.tui.app import Console
    from appliance.tui.driver import ConsoleDriver, be_deaf
    from appliance.tui.vt import terminal_for

    be_deaf()
    crashed = ""
    while True:
        console = Console(
            Agent(Transport(unix=str(socket), timeout=40.0)),
            terminal_for(os.environ["TERM"]),
            can_leave=can_leave,
            crashed=crashed,
            driver_class=ConsoleDriver,
        )
        signal.signal(signal.SIGTERM, lambda *_, console=console: console.exit("The console was stopped."))
        console.run(mouse=False)
        if console.failure is None:
            return 0
        crashed = f"{type(console.failure).__name__}: {console.failure}"[:300]
        logging.getLogger(__name__).error("%s", "".join(traceback.format_exception(console.failure)))


def _log_elsewhere() -> None:
    """The terminal is the screen: what is logged goes to the system's log where there is one, else nowhere."""
    handler: logging.Handler = logging.NullHandler()
    if Path("/dev/log").exists():
        handler = logging.handlers.SysLogHandler("/dev/log")
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main())
