"""The VMA's job for one cycle: its steps in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from appliance.contract.errors import Fault
from appliance.contract.peer import CopyPhase, DiskTask
from appliance.core.commands import Children
from appliance.core.jobs import Job, Run, Step, Workflow
from appliance.replication.bandwidth import Bandwidth
from appliance.replication.faults import CAPACITY_CHANGED, DISK_MISSING, NO_LOGIN, NOT_MIGRATABLE
from appliance.replication.kinds import COPY
from appliance.replication.transfer.asking import oma_state
from appliance.replication.transfer.board import Board
from appliance.replication.transfer.checkpoint import Checkpoints
from appliance.replication.transfer.comparison import Comparison
from appliance.replication.transfer.disk import TRIES, DiskCopy, Passage
from appliance.replication.transfer.link import OmaLink
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.plan import plan, still_good
from appliance.replication.transfer.renewal import WithFreshLogin
from appliance.vsphere import folder, inventory, snapshots, tracking
from appliance.vsphere.blockers import blockers
from appliance.vsphere.faults import LOGIN_REFUSED, SNAPSHOT_GONE, TIMED_OUT, TRACKING_REFUSED
from appliance.vsphere.faults import UNREACHABLE as VCENTER_UNREACHABLE
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import SnapshotRecord
from appliance.vsphere.spec import VmSpec
from appliance.vsphere.vddk.library import Usable

ASK_AFTER = 30.0
"""Seconds without a question from the OMA after which it is asked how its job stands."""
AGAIN_AFTER = 5.0
REMOVAL_TRIES = 6


@dataclass(frozen=True)
class TransferDeps:
    """What the steps work with; `runtime` is a folder on tmpfs, `tries` says how often a disk is tried without getting on."""

    logins: Logins
    boards: dict[str, Board]
    link: OmaLink
    children: Children
    runtime: Path
    tries: Callable[[], int] = lambda: TRIES
    bandwidth: Bandwidth = field(default_factory=Bandwidth)
    library: Callable[[], Usable | None] = lambda: None

    def board(self, job: Job) -> Board:
        """The board of a cycle, made anew after a restart."""
        ids = [task["disk_id"] for task in job.params["disks"]]
        return self.boards.setdefault(job.id, Board(job.id, ids))


class TransferStep(Step):
    """A step of a transfer."""

    def __init__(self, deps: TransferDeps) -> None:
        self.deps = deps

    def board(self, run: Run) -> Board:
        return self.deps.board(run.job)

    async def vcenter(self, run: Run) -> VCenter:
        """The open session with the vCenter."""
        return await self.deps.logins.vcenter(self.board(run))

    async def show(self, run: Run) -> None:
        """Say what is going on."""
        await self.board(run).tell(operation=self.title)


class Inspection(TransferStep):
    name, title = "inspection", "Looking at the VM in vCenter"

    async def do(self, run: Run) -> None:
        await self.show(run)
        spec = await inventory.vm(await self.vcenter(run), run.params["vm"])
        reasons = [one.sentence for one in blockers(spec)]
        if reasons:
            raise NOT_MIGRATABLE(name=spec.name, reasons=" ".join(reasons))
        for task in tasks_of(run):
            _check_disk(spec, task)
        run.state["datacenter"] = spec.datacenter


class Tracking(TransferStep):
    name, title = "tracking", "Turning on the tracking of changes"

    async def do(self, run: Run) -> None:
        await self.show(run)
        vcenter = await self.vcenter(run)
        # A snapshot that an earlier job left would keep tracking from being turned on.
        await snapshots.remove_ours(vcenter, run.params["vm"])
        try:
            await tracking.enable(vcenter, run.params["vm"])
        except Fault as error:
            if error.key != TRACKING_REFUSED.key:
                raise
            await run.log(f"{error.message} Each cycle will be a full copy.", level="warning", cause=error.cause)

    async def undo(self, run: Run) -> None:
        await remove_snapshot(self, run)  # the one that makes tracking take effect, if it is still there


class Snapshot(TransferStep):
    name, title = "snapshot", "Taking a snapshot"

    async def do(self, run: Run) -> None:
        await self.show(run)
        await hold_snapshot(run, await self.vcenter(run))

    async def undo(self, run: Run) -> None:
        await remove_snapshot(self, run)


class Copy(TransferStep):
    name, title = "copy", "Copying the disks"

    async def do(self, run: Run) -> None:
        await self.show(run)
        while True:
            await self.deps.children.end(f"copy/{run.id}/")
            try:
                return await self._all_disks(run)
            except Fault as error:
                if error.key != SNAPSHOT_GONE.key:
                    raise

    async def _all_disks(self, run: Run) -> None:
        board, vcenter = self.board(run), await self.vcenter(run)
        record = await hold_snapshot(run, vcenter)
        await _show_snapshot(board, run, record)
        checkpoints = Checkpoints(run)
        deps, datacenter = self.deps, run.state["datacenter"]
        ways = (deps.link, deps.children, deps.runtime, checkpoints)

        async def say(message: str, level: str, cause: str) -> None:
            await run.log(message, level=level, cause=cause)

        passage = Passage(run.id, vcenter, datacenter, record, *ways, deps.tries(), deps.bandwidth, deps.library, say)
        copies = [await self._prepared(passage, task, board) for task in tasks_of(run)]
        try:
            async with asyncio.TaskGroup() as group:
                ticking = group.create_task(_tick(board))
                await asyncio.gather(*[group.create_task(copy.run()) for copy in copies])
                ticking.cancel()
        except BaseExceptionGroup as several:  # not `except*`, which would wrap what is raised here in a group again
            raise _first(several) from several
        await folder.verify(vcenter, record, run.state["datacenter"])

    async def _prepared(self, passage: Passage, task: DiskTask, board: Board) -> DiskCopy:
        """One disk with its plan; what an earlier snapshot's copy left is kept as far as it did not change since."""
        disk = passage.record.disk(task.disk_id)
        gauge = board.disks[task.disk_id]
        found = await plan(passage.vcenter, passage.record, task)
        checkpoint = passage.checkpoints.of(task.disk_id)
        if checkpoint.snapshot != passage.record.moref:
            checkpoint.done = await still_good(passage.vcenter, passage.record, disk, checkpoint.done, checkpoint.since)
            checkpoint.snapshot, checkpoint.since = passage.record.moref, disk.change_id
        gauge.begin(found.sync_type, found.reason, found.read.total, disk.capacity_bytes - found.read.total)
        await board.tell()
        return DiskCopy(passage, task, found, gauge)


class Hold(TransferStep):
    name, title = "hold", "Waiting for the other side to record the copy"

    async def do(self, run: Run) -> None:
        board = self.board(run)
        record = SnapshotRecord.from_record(run.state["snapshot"])
        await _show_snapshot(board, run, record)
        for disk_id, gauge in board.disks.items():
            gauge.finish(record.disk(disk_id).change_id)
        await board.tell(CopyPhase.COPIED, self.title)
        while not board.released.is_set():
            try:
                async with asyncio.timeout(ASK_AFTER):
                    await board.released.wait()
            except TimeoutError:
                if time.monotonic() - board.asked_at > ASK_AFTER:
                    await self._ask(run, board)
        board.phase = CopyPhase.RUNNING

    async def _ask(self, run: Run, board: Board) -> None:
        """The OMA has been silent: only its answer ends the wait."""
        state = await oma_state(self.deps.link, run.id)
        if state is not None and state.committed:
            board.released.set()


class SnapshotRemoval(TransferStep):
    name, title = "snapshot-removal", "Removing the snapshot"

    async def do(self, run: Run) -> None:
        await remove_snapshot(self, run)


class Transfer(Workflow):
    """The copy of one VM at one snapshot."""

    kind = COPY

    def __init__(self, deps: TransferDeps) -> None:
        steps = (Inspection, Tracking, Snapshot, Copy, Hold, Comparison, SnapshotRemoval)
        super().__init__([WithFreshLogin(step(deps), deps.logins) for step in steps])
        self._deps = deps

    def title(self, job: Job) -> str:
        return f"Copy of {job.params['vm_name']}"

    async def ended(self, job: Job) -> None:
        await self._deps.logins.close(job.id)
        board = self._deps.boards.get(job.id)
        if board is not None:
            await board.tell(phase_of(job), "")


def phase_of(job: Job) -> CopyPhase:
    """The phase of a job that has ended."""
    return {"completed": CopyPhase.FINISHED, "cancelled": CopyPhase.CANCELLED}.get(job.status, CopyPhase.FAILED)


def tasks_of(run: Run) -> list[DiskTask]:
    """What was asked for each disk."""
    return [DiskTask.model_validate(task) for task in run.params["disks"]]


async def hold_snapshot(run: Run, vcenter: VCenter) -> SnapshotRecord:
    """This job's snapshot as recorded, if it is still there; else a new one. Others that the appliance left are removed."""
    vm = run.params["vm"]
    if "snapshot" in run.state:
        record = SnapshotRecord.from_record(run.state["snapshot"])
        try:
            await folder.verify(vcenter, record, run.state["datacenter"])
            return record
        except Fault as error:
            if error.key != SNAPSHOT_GONE.key:
                raise
            await run.log("The snapshot was removed by somebody else; a new one is taken.", level="warning", cause=error.cause)
    await snapshots.remove_ours(vcenter, vm)
    record = await tracking.tracked_snapshot(vcenter, vm, run.id, run.params["quiesce"])
    run.state["snapshot"] = record.to_record()
    run.state["snapshot_at"] = next(
        one.created for one in await snapshots.list_snapshots(vcenter, vm) if one.moref == record.moref
    ).isoformat()
    await run.save()
    return record


async def remove_snapshot(step: TransferStep, run: Run) -> None:
    """Remove this VM's snapshots of ours; goes on trying while vCenter can't be reached. Raises the last Fault otherwise."""
    tries = 0
    while True:
        try:
            await snapshots.remove_ours(await step.vcenter(run), run.params["vm"])
            return
        except Fault as error:
            unreachable = error.key in (VCENTER_UNREACHABLE.key, TIMED_OUT.key)
            tries += 0 if unreachable else 1
            if tries >= REMOVAL_TRIES or error.key in (NO_LOGIN.key, LOGIN_REFUSED.key):
                raise
            await run.log(f"The snapshot could not be removed yet: {error.message}", level="warning", cause=error.cause)
        await step.board(run).tell(operation="Removing the snapshot; vCenter is asked again")
        await asyncio.sleep(AGAIN_AFTER)


def _check_disk(spec: VmSpec, task: DiskTask) -> None:
    try:
        disk = spec.disk(task.disk_id)
    except KeyError:
        raise DISK_MISSING(disk=task.disk_id) from None
    if disk.capacity_bytes != task.capacity_bytes:
        raise CAPACITY_CHANGED(disk=disk.label, cause=f"{task.capacity_bytes} asked, {disk.capacity_bytes} found")


async def _show_snapshot(board: Board, run: Run, record: SnapshotRecord) -> None:
    board.snapshot, board.snapshot_at = record.moref, datetime.fromisoformat(run.state["snapshot_at"])
    await board.tell()


async def _tick(board: Board) -> None:
    """Followers see the gauges twice a second."""
    while True:
        await asyncio.sleep(0.5)
        await board.tell()


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    faults, _ = several.split(Fault)
    found = (faults or several).exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
