"""The agent's program: from its configuration to its end, or to its next start."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import uvloop

from appliance.agent.backup.restoring import Restoring
from appliance.agent.config import Config, ConfigProblem, read_config
from appliance.agent.http.local import LocalApi
from appliance.agent.logs import LogBook
from appliance.agent.machine import Host, network_of
from appliance.agent.supervisor import stay_alive, tell, watchdog_period
from appliance.agent.upgrade.asking import own_state
from appliance.agent.upgrade.startup import FOLDER, Leave, at_start
from appliance.agent.upgrade.trial import Trial
from appliance.contract.errors import Fault
from appliance.core import receiving

_log = logging.getLogger("appliance.agent")

Running = Callable[[Config, Host], AbstractAsyncContextManager[LocalApi]]

END_LIMIT = 25.0
"""Seconds an agent has to end in order; then it ends at once, and the next one takes everything up, as after a crash."""


def run(file: Path, role: str | None) -> int:
    """Run the agent that is configured in the file; the exit code, as main() has them."""
    try:
        config = read_config(file, role)
        if uvloop.run(_run(config, _role(config.role))):
            _start_anew()
    except ConfigProblem as problem:
        _log.error("%s", problem)
        return 2
    except (Fault, OSError) as problem:
        _log.error("the agent could not start: %s", problem)
        return 1
    return 0


def _role(role: str) -> Running:
    """What runs the agent of a role; the other one's is not loaded. What is loaded by now stays, and is not looked through again."""
    running: Running
    if role == "oma":
        from appliance.agent.oma import running_oma as running
    else:
        from appliance.agent.vma import running_vma as running
    gc.freeze()
    gc.enable()
    return running


async def _run(config: Config, running: Running) -> bool:
    """Run until told to stop; whether to start anew then."""
    for folder in (config.state_dir, config.run_dir):
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    stop, again = asyncio.Event(), asyncio.Event()
    book = await asyncio.to_thread(LogBook, config.state_dir / "log")
    book.install(logging.getLogger())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, partial(_stop, stop, again, anew=False))
    network = network_of(config)
    leave = partial(_stop, stop, again, anew=False)
    living = asyncio.create_task(stay_alive(watchdog_period(os.environ, os.getpid())))
    try:
        # Before all that may fail, such as the store on a full disk: settings that nobody kept must not outlive a crash.
        await network.start()
        await asyncio.to_thread(receiving.sweep, config.state_dir)  # it takes room that all others may need
        trial = Trial(await asyncio.to_thread(at_start, config), config.state_dir / FOLDER)
        await asyncio.to_thread(Restoring(config.state_dir, config.database_url, config.role).take_up)
        host = Host(book, network, restart=partial(_stop, stop, again, anew=True), leave=leave, trial=trial)
        async with running(config, host) as api, trial.watched(partial(own_state, config.api_socket), leave):
            _log.info("%s %s runs; its API is on %s and port %d", config.role.upper(), config.name, config.api_socket, api.port)
            _keep_what_is_loaded()
            tell("READY=1")
            await stop.wait()
            tell(_leaving(anew=again.is_set()))
    except Leave as reason:
        _log.warning("the agent leaves: %s", reason)
    finally:
        living.cancel()
        await network.close()
        await asyncio.to_thread(book.close)
    return again.is_set()


def _keep_what_is_loaded() -> None:
    """What is loaded by now stays for good. Looking through it again and again would stop every answer for tens of milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _start_anew() -> None:
    """The same program in the same process: it needs nobody who starts it again."""
    os.execv(sys.executable, [sys.executable, "-m", "appliance.agent", *sys.argv[1:]])


def _stop(stop: asyncio.Event, again: asyncio.Event, *, anew: bool) -> None:
    """End in order, but end: neither a loop that hangs nor a thread that waits for a far side may keep the agent.

    What was said last counts: an agent that is told to end while it is about to start anew ends.
    """
    _log.info("the agent ends, %s", "and starts anew" if anew else "as it was told to")
    (again.set if anew else again.clear)()
    stop.set()
    last = threading.Timer(END_LIMIT, _leave, [again])
    last.daemon = True
    last.start()


def _leave(again: asyncio.Event) -> None:
    _log.error("the agent did not end within %.0f s; it leaves what it does to the next one", END_LIMIT)
    if again.is_set():
        _start_anew()
    os._exit(1)


def _leaving(*, anew: bool) -> str:
    """What systemd is told at the end. Of a process that stays, STOPPING would be taken as a stop that hangs, and be ended by force."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}" if anew else "STOPPING=1"
