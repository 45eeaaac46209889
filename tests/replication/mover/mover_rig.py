"""Real NBD servers and real copying processes, and how to look at what they did."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Source, Target, Work
from appliance.replication.movers import CopyJob

MIB = 1 << 20
GRAIN = 64 << 10


class Mover:
    """One copying process under test."""

    def __init__(self, job: dict[str, Any] | str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "appliance.replication.mover"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.events: list[dict[str, Any]] = []
        self.say(job)

    def say(self, document: dict[str, Any] | str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write((document if isinstance(document, str) else json.dumps(document)) + "\n")
        self.process.stdin.flush()

    def hear(self, until: str) -> dict[str, Any]:
        """Reads events up to and with the first of this name."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == until:
                return self.events[-1]
        raise AssertionError(f"no {until} among {self.events}")

    def end(self) -> int:
        """Reads to the end; returns the exit code."""
        assert self.process.stdout is not None and self.process.stdin is not None
        self.events += [json.loads(line) for line in self.process.stdout]
        code = self.process.wait(30)
        self.process.stdin.close()
        self.process.stdout.close()
        return code

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]

    @property
    def done(self) -> Extents:
        return Extents.of((o, n) for event in self.events if event["event"] == "done" for o, n in event["ranges"])


class Servers:
    """The nbdkits of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def serve(self, name: str, *arguments: str) -> str:
        """Starts an nbdkit; returns its socket."""
        socket = self.folder / f"{name}.sock"
        argv = ["nbdkit", "-f", "--exit-with-parent", "-U", str(socket), *arguments]
        self.processes[name] = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not socket.exists():
            assert time.monotonic() < deadline and self.processes[name].poll() is None, f"{argv} does not serve"
            time.sleep(0.01)
        return str(socket)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()


def copy_job(name: str, servers: Servers, disk: Path, target: Path) -> CopyJob:
    """A full copy of the disk to the target, without TLS, by two processes."""
    source = Source(servers.serve("source", "-r", "file", str(disk)))
    targets = (Target(socket=servers.serve("target", "file", str(target)), plain=True),) * 2
    return CopyJob(name, source, targets, Work(Extents.whole(disk.stat().st_size)), chunk_bytes=GRAIN)


def nonzero_bytes(path: Path) -> int:
    """Bytes in 64 KiB blocks that are not zero."""
    content = path.read_bytes()
    blocks = (content[start : start + GRAIN] for start in range(0, len(content), GRAIN))
    return sum(len(block) for block in blocks if any(block))


def identical(one: Path, other: Path) -> bool:
    return subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "raw", one, other], stdout=subprocess.DEVNULL).returncode == 0


def equal_there(one: Path, other: Path, ranges: Extents) -> bool:
    left, right = one.read_bytes(), other.read_bytes()
    return all(left[extent.offset : extent.end] == right[extent.offset : extent.end] for extent in ranges)
