"""A process that keeps a machine's disks and is told what to do over QMP: what QEMU and its storage daemon have in common."""

import asyncio
import contextlib
import socket
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from appliance.lab.machines.process import kill, spawn
from appliance.lab.machines.qmp import Qmp, QmpError

QUIT_LIMIT = 20.0  # seconds; after that the program is killed

Hook = Callable[[], Awaitable[None]]


class MachineOff(Exception):
    """A machine was asked for something that only a machine that is on can do."""


class Engine:
    """One program with a control connection; it ends with the lab. Its own messages are in `log`."""

    def __init__(self, folder: Path, log: Path, opened: Hook | None = None, before_end: Hook | None = None) -> None:
        """`opened` is awaited when the disks are open and no guest runs yet; `before_end` when the machine shut itself down, or
        stop() was called, and it can still be asked."""
        self.folder, self.log = folder.absolute(), log.absolute()
        self._opened, self._before_end = opened or _nothing, before_end or _nothing
        self._process: Process | None = None
        self._qmp: Qmp | None = None
        self._powered_off = asyncio.Event()
        self._end: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the machine is on."""
        return self._end is not None and not self._end.done()

    @property
    def pid(self) -> int | None:
        """The process of a machine that is on."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def qmp(self) -> Qmp:
        """The control connection; raises MachineOff."""
        if self._qmp is None:
            raise MachineOff("the machine is off")
        return self._qmp

    async def kill(self) -> None:
        """A power cut: nothing is saved, `before_end` is not called."""
        if self.running and self._process is not None:
            await kill(self._process)
            await self.wait_stopped()

    async def stop(self) -> None:
        """Switch off at once; the guest is not asked."""
        if self.running:
            self._powered_off.set()
            await self.wait_stopped()

    async def wait_stopped(self, timeout: float | None = None) -> None:
        """Wait (seconds) until the machine is off; raises TimeoutError."""
        if self._end is not None:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._end)

    async def _launch(self, argv: Callable[[int], Sequence[str]], other_fds: Sequence[int] = ()) -> None:
        """Start the program (`argv` is given the descriptor of its control connection) and greet it; raises QmpError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await spawn(argv(theirs.fileno()), self.folder, (theirs.fileno(), *other_fds), self.log)
        self._powered_off = asyncio.Event()
        self._end = asyncio.create_task(self._follow(self._process))
        try:
            self._qmp = await Qmp.open(ours)
        except QmpError as error:
            raise QmpError(f"{error}; its last words: {self.log.read_text(errors='replace')[-500:]}") from error

    async def _follow(self, process: Process) -> None:
        exited = asyncio.create_task(process.wait())
        powered_off = asyncio.create_task(self._powered_off.wait())
        await asyncio.wait([exited, powered_off], return_when=asyncio.FIRST_COMPLETED)
        powered_off.cancel()
        if not exited.done():
            await self._finish(process)
        await exited
        if self._qmp is not None:
            await self._qmp.close()
            self._qmp = None
        await self._ended()

    async def _finish(self, process: Process) -> None:
        """Let the owner save what it needs, then end the program."""
        try:
            await self._before_quit()
            await self._before_end()
            await self._quit(process)
        except QmpError:
            pass  # it died meanwhile: what was not saved is lost, as in a power cut
        finally:
            await kill(process)

    async def _quit(self, process: Process) -> None:
        """Let the program close its files."""
        await self.qmp.execute("quit")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), QUIT_LIMIT)

    async def _before_quit(self) -> None:
        """What is to be done before the owner's turn."""

    async def _ended(self) -> None:
        """What is to be done when the program is gone."""


async def _nothing() -> None:
    """The hook of an owner that has nothing to do."""
