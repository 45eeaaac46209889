"""What a run has made on this machine, on record from the first moment, so that whoever comes next can remove it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from appliance.core.commands import run, start_time
from appliance.demo import sites

STOP = ".venv/bin/python -m appliance.demo stop"
END_LIMIT = 20.0
"""Seconds that a program has to end by itself; then it is killed."""


@dataclass(frozen=True)
class Recorded:
    """A process, told from a later one with the same number by its start time (clock ticks since boot)."""

    name: str
    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether it runs still."""
        return start_time(self.pid) == self.started


@dataclass
class Ledger:
    """Everything that has to be undone. It lies on tmpfs, which lives exactly as long as what it speaks of."""

    run_dir: Path
    work: Path
    kind: str = "run"
    owner: Recorded | None = None
    namespaces: list[str] = field(default_factory=list)
    processes: list[Recorded] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file."""
        return self.run_dir / "ledger.json"

    @classmethod
    def of(cls, work: Path) -> Ledger:
        """The ledger of the runs that work in this folder, as the last of them left it."""
        place = hashlib.sha256(str(work.resolve()).encode()).hexdigest()[:8]
        ledger = cls(Path("/dev/shm") / f"demo-{place}", work.resolve())
        if ledger.path.exists():
            kept = json.loads(ledger.path.read_text())
            ledger.kind, ledger.namespaces = kept["kind"], kept["namespaces"]
            ledger.owner = Recorded(**kept["owner"]) if kept["owner"] else None
            ledger.processes = [Recorded(**one) for one in kept["processes"]]
        return ledger

    def save(self) -> None:
        """Write it in one move."""
        self.run_dir.mkdir(mode=0o700, exist_ok=True)
        kept = {
            "kind": self.kind,
            "owner": asdict(self.owner) if self.owner else None,
            "namespaces": self.namespaces,
            "processes": [asdict(one) for one in self.processes],
        }
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(kept))
        fresh.replace(self.path)

    def claim(self, kind: str) -> None:
        """This process is the owner from now on."""
        pid = os.getpid()
        self.kind, self.owner = kind, Recorded("demo", pid, start_time(pid) or 0)
        self.namespaces, self.processes = [], []
        self.save()

    @property
    def occupied_by(self) -> str:
        """Who uses the folder now, as a sentence; empty when nobody does."""
        if self.owner is not None and self.owner.alive and self.owner.pid != os.getpid():
            return f"A demo is running already (process {self.owner.pid}). Wait for its end, or stop it with Ctrl-C."
        if self.kind == "lab" and any(one.alive for one in self.processes):
            return f"The two sites of `make lab` are running. End them with `{STOP}`, then try again."
        return ""


async def undo(ledger: Ledger) -> None:
    """End and remove everything on record: programs (the last started first), namespaces, devices, sockets and keys."""
    for stage in (("vma", "oma"), ("vcenter", "cloudstack")):
        await _end([one for one in ledger.processes if one.name in stage])
    for name in ledger.namespaces:
        await sites.drop(name)
    await _drop_devices(ledger.work)
    await asyncio.to_thread(shutil.rmtree, ledger.run_dir, ignore_errors=True)
    ledger.owner, ledger.namespaces, ledger.processes = None, [], []


async def _end(processes: list[Recorded]) -> None:
    for number, limit in ((signal.SIGTERM, END_LIMIT), (signal.SIGKILL, END_LIMIT)):
        for one in processes:
            if one.alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, number)
        until = time.monotonic() + limit
        while any(one.alive for one in processes) and time.monotonic() < until:
            await asyncio.sleep(0.05)


async def _drop_devices(work: Path) -> None:
    """Detach the loop devices over files below the work folder."""
    answer = (await run(["losetup", "-l", "-J", "-O", "NAME,BACK-FILE"])).stdout
    rows = json.loads(answer)["loopdevices"] if answer.strip() else []
    for row in rows:
        if Path(row["back-file"] or "/").is_relative_to(work):
            await run(["losetup", "-d", row["name"]], check=False)
