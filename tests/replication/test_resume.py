"""What an earlier attempt flushed counts again only where it is known to be what the snapshot holds."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from appliance.contract.peer import DiskTask
from appliance.core.commands import Children
from appliance.core.jobs import Run
from appliance.replication.extents import Extents
from appliance.replication.transfer import workflow
from appliance.replication.transfer.board import Board
from appliance.replication.transfer.checkpoint import Checkpoint, Checkpoints
from appliance.replication.transfer.disk import Passage
from appliance.replication.transfer.link import OmaLink
from appliance.replication.transfer.plan import FULL, DiskPlan
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk, SnapshotRecord

MIB = 1 << 20
TASK = DiskTask(disk_id="disk-2000", key=2000, capacity_bytes=4 * MIB)


@pytest.mark.parametrize(("snapshot", "kept"), [("snapshot-1", MIB), ("snapshot-2", 0)])
async def test_without_tracking_only_the_same_snapshot_can_be_resumed(monkeypatch: pytest.MonkeyPatch, snapshot: str, kept: int) -> None:
    async def in_full(*_: object) -> DiskPlan:
        return DiskPlan(FULL, Extents.whole(4 * MIB), Extents())

    monkeypatch.setattr(workflow, "plan", in_full)
    stored = Checkpoint("snapshot-1", "", Extents.of([(0, MIB)])).record()
    checkpoints = Checkpoints(cast(Run, SimpleNamespace(state={"checkpoints": {"disk-2000": stored}})))
    disk = FrozenDisk("disk-2000", 2000, "Hard disk 1", "[ds] a/a.vmdk", "ds", "uuid", 4 * MIB, "", "FlatVer2BackingInfo", 0, ())
    passage = Passage(
        job_id="job-1",
        vcenter=cast(VCenter, None),
        datacenter="DC0",
        record=SnapshotRecord("vm-1", snapshot, "ours", (disk,)),
        link=cast(OmaLink, None),
        children=cast(Children, None),
        runtime=Path("/nowhere"),
        checkpoints=checkpoints,
    )
    step = workflow.Copy(cast(workflow.TransferDeps, None))
    await step._prepared(passage, TASK, Board("job-1", ["disk-2000"]))
    assert checkpoints.of("disk-2000").done.total == kept
