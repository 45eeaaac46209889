"""`python tests/tui/crashing.py PLACE ...`: the console with a fault built into it, otherwise the real program.

PLACE is `load`, `compose`, `key` or `worker` of the power screen, or `idle` or `idle-compose` for the first screen.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def fail(*_: object) -> NoReturn:
    """As a mistake in the code would."""
    raise KeyError("a secret\x1b]0;mistake\x07")


async def fail_later(*_: object) -> NoReturn:
    """The same, awaited."""
    fail()


def build_in(place: str) -> None:
    """Put the fault into the class it belongs to."""
    from appliance.tui.screens.idle import IdleScreen
    from appliance.tui.screens.power import PowerScreen

    match place:
        case "load":
            PowerScreen.load = fail_later
        case "compose":
            PowerScreen.body = fail
        case "key":
            PowerScreen.action_reload = fail
        case "worker":
            PowerScreen.action_reload = lambda self: self.run_worker(fail_later())
        case "idle":
            IdleScreen.load = fail_later
        case "idle-compose":
            IdleScreen.body = fail


if __name__ == "__main__":
    from appliance.tui import __main__ as program

    set_environment, place = program._set_environment, sys.argv.pop(1)

    def with_fault() -> None:
        """After the environment is set, as everything of Textual's."""
        set_environment()
        build_in(place)

    program._set_environment = with_fault
    sys.exit(program.main())
