"""An agent as far as the console over SSH goes: `python -m tests.tui.ssh_agent FOLDER PORT ALIVE_S`.

Its own parts are real (set-up, remote console, sockets, store); what else the console asks for is canned.
Ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import uvloop

from appliance.agent.config import Config
from appliance.agent.http.access import RemoteConsoleRoutes
from appliance.agent.http.local import LocalApi, Served
from appliance.agent.http.setup import SetupRoutes
from appliance.agent.remote_console.service import RemoteConsole
from appliance.agent.setup import Setup
from appliance.agent.tries import Tries, since_boot
from appliance.contract import access, gate, setup
from appliance.contract.api import Api
from appliance.core.audit import Audit
from appliance.core.commands import Children
from appliance.core.settings import Settings
from appliance.core.store import Store
from tests.tui.stand_in import ROLES, common

HASTE = 10.0
"""How much sooner than in life the wait after wrong passwords is over."""


class Canned:
    """Serves any API by fixed answers."""

    def __init__(self, answers: dict[str, object]) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def answer(**_: object) -> object:
            return self._answers.get(name)

        return answer


class Events(Canned):
    """The audit log is real."""

    def __init__(self, audit: Audit) -> None:
        super().__init__({})
        self._audit = audit

    async def audit(self, limit: int = 100) -> list[gate.AuditEvent]:
        found = await self._audit.newest(limit)
        return [gate.AuditEvent(at=one.at, actor=one.actor, action=one.action, result=one.result, detail=one.detail) for one in found]


def configuration(folder: Path, port: int) -> Config:
    """As the image has it, but for the port and the program's place."""
    return Config.model_validate(
        {
            "role": "oma",
            "name": "oma1",
            "state_dir": folder / "state",
            "run_dir": "/run/appliance",
            "remote_console": {
                "address": "127.0.0.1",
                "port": port,
                "command": [sys.executable, "-m", "appliance.tui"],
                "group": "console",
            },
        }
    )


def served(remote: RemoteConsole, made: Setup, audit: Audit) -> Served:
    """Every API of an OMA."""
    own = {
        access.RemoteConsoleApi: RemoteConsoleRoutes(remote),
        setup.SetupApi: SetupRoutes(made),
        gate.GateApi: Events(audit),
    }
    canned = Canned(common("oma"))
    return [(api, cast(Api, own.get(api, canned))) for api in ROLES["oma"]]


async def main(folder: Path, port: int, alive_s: int) -> None:
    config = configuration(folder, port)
    for one in (config.state_dir, config.run_dir):
        one.mkdir(mode=0o700, exist_ok=True)
    store = await Store.open(config.database_url)
    settings, audit = Settings(store), Audit(store)
    children = Children(config.run_dir / "children")
    tries = Tries(settings, "remote_console", lambda: since_boot() * HASTE)
    remote = RemoteConsole(config, settings, audit, children, config.api_socket, alive_s=alive_s, tries=tries)
    made = Setup(settings, audit, remote.set_password)
    await made.set_stage(setup.Stage.DONE)
    api = LocalApi(served(remote, made, audit), "token", config.api_socket, "127.0.0.1", 0, group=config.remote_console.group)
    await api.start()
    await remote.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    await stop.wait()
    await remote.close()
    await api.stop()
    await store.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
