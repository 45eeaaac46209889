"""The VMA's step that compares the committed copy with the snapshot, all disks side by side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from appliance.contract.peer import CopyPhase, DiskTask, Examine
from appliance.core.jobs import Run, Step
from appliance.replication.transfer.checkpoint import Checkpoints
from appliance.replication.transfer.disk import Passage
from appliance.replication.transfer.examining import DiskExamination
from appliance.replication.transfer.findings import Findings
from appliance.vsphere.snapshots import SnapshotRecord

if TYPE_CHECKING:
    from appliance.replication.transfer.workflow import TransferDeps


class Comparison(Step):
    """Only where the OMA has asked for it. What it finds is told to the OMA as it is found; a comparison that fails is told, too."""

    name, title = "comparison", "Comparing the copy with the source"

    def __init__(self, deps: TransferDeps) -> None:
        self.deps = deps

    async def do(self, run: Run) -> None:
        if run.params.get("examine") is None:
            return
        board, order = self.deps.board(run.job), Examine.model_validate(run.params["examine"])
        await board.tell(CopyPhase.RUNNING, self.title)
        await self.deps.children.end(f"copy/{run.id}/")
        vcenter = await self.deps.logins.vcenter(board)
        record = SnapshotRecord.from_record(run.state["snapshot"])
        deps = self.deps
        ways = (deps.link, deps.children, deps.runtime, Checkpoints(run))
        # What is copied again is a copy like any other, and keeps to the same limits.
        passage = Passage(run.id, vcenter, run.state["datacenter"], record, *ways, deps.tries(), deps.bandwidth)
        findings = Findings(run)
        disks = [DiskExamination(passage, DiskTask.model_validate(task), order, findings) for task in run.params["disks"]]
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tick(run))
            await asyncio.gather(*[group.create_task(one.run()) for one in disks])
            telling.cancel()
        await board.tell(CopyPhase.COMPARED)

    async def _tick(self, run: Run) -> None:
        """Followers look again now and then."""
        while True:
            await asyncio.sleep(1.0)
            await self.deps.board(run.job).tell()
