"""Copies one disk to its end: data session, source, copying processes; begins again where it was cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.contract.client import UNREACHABLE
from appliance.contract.disk_library import Reader
from appliance.contract.errors import Fault
from appliance.contract.peer import AskSession, DataSession, DiskTask
from appliance.core.commands import Children
from appliance.replication.bandwidth import Bandwidth
from appliance.replication.faults import SOURCE_STUCK, TARGET_STUCK
from appliance.replication.mover.protocol import Kind, Source, Target, Work
from appliance.replication.movers import CopyFailure, CopyJob, Done, Progress, copy_disk
from appliance.replication.transfer.board import DiskGauge
from appliance.replication.transfer.checkpoint import Checkpoints
from appliance.replication.transfer.link import OmaLink
from appliance.replication.transfer.plan import DiskPlan
from appliance.vsphere import faults, folder
from appliance.vsphere.reading import Where, open_disk
from appliance.vsphere.serving import OpenSource
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk, SnapshotRecord
from appliance.vsphere.vddk.library import Usable

CONNECTIONS = 4
"""To the source and to the target of each disk; shared among the copying processes."""
PROCESSES = 2
LITTLE = 8 << 20
"""Bytes to read up to which one process on one connection is sooner done: it takes longer to start more than to copy."""
TRIES = 5
"""Without one flushed range in between; a cut tunnel does not count."""
PAUSE = 2.0
SOURCE_TROUBLE = frozenset({faults.UNREACHABLE.key, faults.TIMED_OUT.key, faults.SOURCE_FAILED.key})


async def _unheard(message: str, level: str, cause: str) -> None:
    """Nobody keeps a log."""


@dataclass(frozen=True)
class Passage:
    """What copying any disk of a cycle needs. `say` takes a sentence for the job's log, its level and its technical cause."""

    job_id: str
    vcenter: VCenter
    datacenter: str
    record: SnapshotRecord
    link: OmaLink
    children: Children
    runtime: Path
    checkpoints: Checkpoints
    tries: int = TRIES
    bandwidth: Bandwidth | None = None
    library: Callable[[], Usable | None] = lambda: None
    say: Callable[[str, str, str], Awaitable[None]] = _unheard


@dataclass(frozen=True)
class Crew:
    """The processes that copy a disk, and their connections in all."""

    processes: int
    connections: int


def crew_for(work: Work) -> Crew:
    """As many as the work is worth (pure)."""
    return Crew(1, 1) if work.read.total <= LITTLE else Crew(PROCESSES, CONNECTIONS)


class DiskCopy:
    """One disk of one cycle."""

    def __init__(self, passage: Passage, task: DiskTask, plan: DiskPlan, gauge: DiskGauge) -> None:
        self.passage, self.task, self.plan, self.gauge = passage, task, plan, gauge
        self.frozen: FrozenDisk = passage.record.disk(task.disk_id)
        self.through_tunnel = False
        self._reader = ""
        self._without_library = False
        self._under_way, self._before = 0, (0, 0)

    async def run(self) -> None:
        """Return when every range is flushed. Raises a Fault when source or target keep failing."""
        checkpoint, failures = self.passage.checkpoints.of(self.task.disk_id), 0
        while (work := self.plan.without(checkpoint.done)).end:
            flushed = checkpoint.done.total
            failure = await self._once(work)
            if failure is None:
                continue
            failures = 1 if checkpoint.done.total > flushed else failures + 1
            await self._after(failure, failures)
        await self.passage.checkpoints.save()
        self._show()

    async def _once(self, work: Work) -> CopyFailure | None:
        """One try; a vCenter that can't be reached or read now is a failure like any other of the source."""
        try:
            return await self._try(work)
        except Fault as error:
            if error.key in SOURCE_TROUBLE:
                return CopyFailure(Kind.SOURCE_LOST, str(error))
            raise

    async def _try(self, work: Work) -> CopyFailure | None:
        self._reader = ""
        await folder.verify(self.passage.vcenter, self.passage.record, self.passage.datacenter)
        owner = f"copy/{self.passage.job_id}/{self.task.disk_id}"
        crew = crew_for(work)
        async with await self._open(owner) as opened:
            session = await self._session(crew)
            async with self._targets(session, crew) as targets:
                return await self._copy(opened, targets, owner, work, crew)

    async def _open(self, owner: str) -> OpenSource:
        """By VMware's library, unless there is none or it has failed with this disk."""
        passage, library = self.passage, None if self._without_library else self.passage.library()
        where = Where(passage.vcenter, passage.record, self.frozen, passage.datacenter, owner, passage.runtime)
        opened = await open_disk(passage.children, where, library, self._library_failed)
        self._reader = opened.source.reader
        self.gauge.read_with(self._reader)
        if library is not None and opened.source.reader is Reader.LIBRARY:
            await passage.say(f"{self.frozen.label} is read with VMware's disk library {library.version}.", "info", "")
        return opened

    async def _library_failed(self, error: Fault) -> None:
        """From here on this disk is read over HTTPS: the same frozen disk, the same bytes."""
        self._without_library = True
        await self.passage.say(
            f"{self.frozen.label} can't be read with VMware's disk library and is read over HTTPS.", "warning", str(error)
        )

    async def _copy(self, source: OpenSource, targets: tuple[Target, ...], owner: str, work: Work, crew: Crew) -> CopyFailure | None:
        job = CopyJob(
            owner=owner,
            source=Source(socket=str(source.socket), connections=crew.connections // crew.processes),
            targets=targets,
            work=work,
            processes=crew.processes,
        )
        self._before = self._flushed()
        try:
            return (await copy_disk(self.passage.children, job, self._heard, self.passage.bandwidth)).failure
        finally:
            self._under_way, self._before = 0, self._flushed()

    async def _heard(self, event: Done | Progress) -> None:
        if isinstance(event, Done):
            await self.passage.checkpoints.add(self.task.disk_id, event)
        else:
            self._under_way = event.moved
        self._show()

    def _show(self) -> None:
        """What is flushed, or what has crossed, where that is more: flushes come seldom, and whoever watches wants to see it move."""
        done, moved = self._flushed()
        done_before, moved_before = self._before
        crossed = min(done_before + self._under_way, self.plan.read.total)
        zeroed = self.passage.checkpoints.of(self.task.disk_id).zeroed
        self.gauge.count(max(done, crossed), max(moved, moved_before + self._under_way), zeroed)

    def _flushed(self) -> tuple[int, int]:
        """Bytes done of what has to be looked at, and bytes of payload, both flushed."""
        checkpoint = self.passage.checkpoints.of(self.task.disk_id)
        return (checkpoint.done & self.plan.read).total, checkpoint.moved

    async def _session(self, crew: Crew) -> DataSession:
        """A fresh data session; waits for the tunnel. Raises the OMA's Fault when it wants no data for this disk."""
        asked = AskSession(disk_id=self.task.disk_id, connections=crew.connections)
        while True:
            try:
                return await self.passage.link.oma.session(self.passage.job_id, asked)
            except Fault as error:
                if error.key != UNREACHABLE.key:
                    raise
            await self.passage.link.wait_up()
            await asyncio.sleep(PAUSE / 4)

    @asynccontextmanager
    async def _targets(self, session: DataSession, crew: Crew) -> AsyncIterator[tuple[Target, ...]]:
        """The connections of a session; its key is in a file for this time only."""
        key_file = self.passage.runtime / f"{session.session_id}.psk"
        await asyncio.to_thread(_write_key, key_file, f"{session.psk_identity}:{session.psk_key.get_secret_value()}\n")
        try:
            if self.through_tunnel:
                socket = await self.passage.link.open_data_path(session.session_id)
                one = Target(socket=str(socket), identity=session.psk_identity, key_file=str(key_file))
                yield (one,) * crew.processes
            else:
                host, port = await self.passage.link.front_door()
                yield tuple(
                    Target(host=host, port=port, token=token, identity=session.psk_identity, key_file=str(key_file))
                    for token in session.tokens
                )
        finally:
            key_file.unlink(missing_ok=True)
            if self.through_tunnel:
                await self.passage.link.close_data_path(session.session_id)

    async def _after(self, failure: CopyFailure, failures: int) -> None:
        """Before the next try; raises a Fault when there is none."""
        cause = f"{failure.kind}: {failure.message}, offset {failure.offset}, errno {failure.errno}"
        if failure.kind in (Kind.SOURCE_LOST, Kind.SOURCE_ERROR) and self._reader == Reader.LIBRARY and not self._without_library:
            await self._library_failed(SOURCE_STUCK(disk=self.frozen.label, cause=cause))
            return
        if failure.kind is Kind.TARGET_LOST:
            await self.passage.link.wait_up()
            # The tunnel is up and yet no data passes: perhaps only SSH does. Try the other way in turn.
            if failures % 2 == 0:
                self.through_tunnel = not self.through_tunnel
        elif failure.kind is Kind.TARGET_ERROR and failures >= self.passage.tries:
            raise TARGET_STUCK(disk=self.frozen.label, cause=cause)
        elif failures >= self.passage.tries:
            raise SOURCE_STUCK(disk=self.frozen.label, cause=cause)
        await asyncio.sleep(PAUSE)


def _write_key(path: Path, text: str) -> None:
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir(parents=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
