"""Starting the programs of a site: in its namespace, on record, with their messages in a file."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.core.commands import start_time
from appliance.demo.faults import DemoFailed
from appliance.demo.ledger import Ledger, Recorded

LAST_WORDS = 600


class NotStarted(DemoFailed):
    """A program of the demo ended, or did not come up in time; the text says where its messages are."""


@dataclass(frozen=True)
class Started:
    """A program that was started."""

    record: Recorded
    log: Path

    async def ready(self, question: Callable[[], Awaitable[bool]], limit: float) -> None:
        """Ask until the answer is yes; raises NotStarted when the program ends first or `limit` seconds pass."""
        try:
            async with asyncio.timeout(limit):
                while not await question():
                    if not self.record.alive:
                        raise NotStarted(f"{self.record.name} ended at its start; its last words in {self.log}: {self._last_words()}")
                    await asyncio.sleep(0.1)
        except TimeoutError as error:
            raise NotStarted(f"{self.record.name} did not come up within {limit:.0f} s; see {self.log}") from error

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-LAST_WORDS:].strip()


class Starter:
    """Starts programs. Those of a guided run end with it, however it ends; those of the lab stay."""

    def __init__(self, ledger: Ledger, logs: Path) -> None:
        self._ledger, self._logs = ledger, logs
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, namespace: str, module: str, arguments: Sequence[str]) -> Started:
        """Run `python -m module` in a namespace, in a session of its own, so that Ctrl-C reaches only the demo."""
        tied = () if self._ledger.kind == "lab" else ("setpriv", "--pdeathsig", "TERM")
        argv = [*tied, "ip", "netns", "exec", namespace, sys.executable, "-m", module, *arguments]
        log = self._logs / f"{name}.log"
        with log.open("ab") as messages:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, start_new_session=True)
        record = Recorded(name, process.pid, start_time(process.pid) or 0)
        self._ledger.processes.append(record)
        self._ledger.save()
        return Started(record, log)
