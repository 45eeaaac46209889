"""The one runner of external programs, and the durable registry of those that outlive a call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from appliance.core import families
from appliance.core.families import start_time as start_time


@dataclass(frozen=True)
class Completed:
    """What a finished program left."""

    stdout: bytes
    stderr: bytes
    code: int


class CommandFailed(Exception):
    """A program ended with an exit code other than 0."""

    def __init__(self, program: str, code: int, stderr: bytes) -> None:
        self.program, self.code, self.stderr = program, code, stderr
        super().__init__(f"{program} ended with {code}: {stderr.decode(errors='replace').strip()[-2000:]}")


async def run(
    argv: Sequence[str], *, timeout: float = 60.0, input: bytes | None = None, env: Mapping[str, str] | None = None, check: bool = True
) -> Completed:
    """Run a program to its end. `timeout` in seconds.

    Raises CommandFailed (with `check`) on another exit code than 0, TimeoutError when it did not end in time;
    the program is killed and reaped whenever this call is left early.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL if input is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=None if env is None else {**os.environ, **env},
    )
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr = await process.communicate(input)
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.shield(process.wait())
    code = process.returncode or 0
    if check and code:
        raise CommandFailed(argv[0], code, stderr)
    return Completed(stdout, stderr, code)


class Child:
    """A running program that is on record until it has been reaped; one with a `family` until all that it started has ended too."""

    def __init__(self, process: asyncio.subprocess.Process, owner: str, record: Path, family: int | None = None) -> None:
        """`family` is when it started, where it leads a session of its own."""
        self.process, self.owner, self._record, self._family = process, owner, record, family

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.returncode

    async def wait(self) -> int:
        """Wait for its end; returns the exit code (negative: the signal). What it left of its family is killed."""
        if self._family is not None:
            await families.over(self.pid)
            await families.end(self.pid, self._family)
        code = await self.process.wait()
        self._record.unlink(missing_ok=True)
        return code

    async def kill(self) -> None:
        """Kill it at once and reap it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        if self._family is not None:
            families.kill_members(self.pid, self._family)
        await asyncio.shield(self.wait())

    async def terminate(self, grace: float) -> int:
        """Ask it to end, and kill it after `grace` seconds; returns the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(grace):
                return await self.wait()
        except TimeoutError:
            await self.kill()
            return await self.wait()


class Children:
    """Programs that run beside the agent, each under an owner such as `disk/<volume>/<session>`.

    Pid and kernel start time are kept in one file a program, so that a later agent finds what an earlier one left.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: dict[Path, Child] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def spawn(
        self,
        owner: str,
        argv: Sequence[str],
        *,
        stdin: int | None = asyncio.subprocess.DEVNULL,
        stdout: int | None = asyncio.subprocess.DEVNULL,
        stderr: int | None = asyncio.subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        limit: int = 1 << 20,
        family: bool = False,
    ) -> Child:
        """Start a program; `limit` is the longest line in bytes that is read from its pipes.

        With `family`, whatever it starts in turn ends with it.
        """
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            env=None if env is None else {**os.environ, **env},
            limit=limit,
            start_new_session=family,
        )
        record, started = self._folder / f"{uuid4().hex}.json", start_time(process.pid)
        record.write_text(json.dumps({"pid": process.pid, "started": started, "owner": owner, "family": family}))
        child = Child(process, owner, record, (started or 0) if family else None)  # one that is over already has no time
        self._mine = {path: one for path, one in self._mine.items() if one.returncode is None}
        self._mine[record] = child
        return child

    async def end(self, owner_prefix: str) -> int:
        """Kill and reap every program whose owner starts with the prefix, also an earlier agent's; returns how many there were."""
        found = list(self._records(owner_prefix))
        for _, recorded in found:
            recorded.kill()  # all at once: one that the kernel keeps for a while does not spare the others
        for record, recorded in found:
            child = self._mine.pop(record, None)
            if child is not None:
                await child.kill()
            else:
                await recorded.end()
            record.unlink(missing_ok=True)
        return len(found)

    def living(self, owner_prefix: str) -> list[int]:
        """Pids of the programs with this owner prefix that run now."""
        return [recorded.pid for _, recorded in self._records(owner_prefix) if recorded.runs()]

    def owners(self) -> set[str]:
        """The owners of the programs that run now."""
        return {recorded.owner for _, recorded in self._records("") if recorded.runs()}

    def _records(self, owner_prefix: str) -> Iterator[tuple[Path, _Recorded]]:
        for record in sorted(self._folder.glob("*.json")):
            try:
                entry = json.loads(record.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                continue
            if entry["owner"].startswith(owner_prefix) and entry["started"] is not None:
                yield record, _Recorded(entry["owner"], entry["pid"], entry["started"], entry.get("family", False))


@dataclass(frozen=True)
class _Recorded:
    """A program as it is on record; perhaps an earlier agent's, and perhaps its number was given to another one since."""

    owner: str
    pid: int
    started: int
    family: bool

    def runs(self) -> bool:
        """Whether it is there, or something of its family."""
        return start_time(self.pid) == self.started or (self.family and bool(families.members(self.pid, self.started)))

    def kill(self) -> None:
        """Kill it at once, with its family."""
        if start_time(self.pid) == self.started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self.family:
            families.kill_members(self.pid, self.started)

    async def end(self) -> None:
        """Kill it, and return when it is gone."""
        while True:
            if not self.runs():
                return
            self.kill()
            await asyncio.sleep(0.01)
