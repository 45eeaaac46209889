"""What the VMA's console shows of its work at vCenter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from console_records import at, job, keep
from pydantic import SecretStr

from appliance.agent.http.source import SourceRoutes
from appliance.contract.errors import Fault
from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import CopyPhase
from appliance.core.jobs import Job, JobStep
from appliance.core.store import Store
from appliance.lab.vcenter import Plan, VcenterLab
from appliance.replication.transfer.board import Board
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.workflow import TransferDeps
from appliance.vsphere.certificate import fetch_fingerprint

PARAMS = {"vm": "vm-1", "vm_name": "web", "disks": [{"disk_id": "disk-2000"}]}
TAKEN = {"snapshot": {"name": "migration-appliance-job-1"}, "snapshot_at": at(1).isoformat()}


def deps(logins: Logins | None = None) -> TransferDeps:
    return TransferDeps(logins or cast(Any, None), {}, cast(Any, None), cast(Any, None), Path())


def copy(job_id: str, status: str, *, minute: float = 1, vm: str = "vm-1", state: dict[str, Any] | None = None, **steps: str) -> Job:
    rows = [JobStep(position=n, name=name.replace("_", "-"), title="", status=one) for n, (name, one) in enumerate(steps.items())]
    return job(job_id, status, minute=minute, kind="copy", params=PARAMS | {"vm": vm}, state=state or {}, steps=rows)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[VcenterLab]:
    made = VcenterLab(tmp_path / "v", Plan())
    made.start()
    yield made
    made.stop()


async def access(lab: VcenterLab, password: str = "") -> VCenterAccess:
    fingerprint = await fetch_fingerprint(lab.host, lab.port)
    return VCenterAccess(
        host=lab.host, port=lab.port, username=lab.user, password=SecretStr(password or lab.password), fingerprint=fingerprint
    )


async def test_a_vcenter_is_shown_with_its_open_sessions_and_never_its_password(store: Store, lab: VcenterLab) -> None:
    routes, login = SourceRoutes(store, deps(Logins())), await access(lab)
    assert await routes.vcenters() == []
    logins = routes._transfers.logins
    board = Board("job-1", [])
    logins.give("job-1", login)
    await logins.vcenter(board)
    async with logins.session(login):
        [found] = await routes.vcenters()
        assert (found.host, found.port, found.username, found.sessions) == (lab.host, lab.port, lab.user, 2)
        assert (found.fingerprint, found.last_error) == (login.fingerprint, "")
        assert lab.password not in found.model_dump_json()
    assert [one.sessions for one in await routes.vcenters()] == [1]
    await logins.close("job-1")
    [found] = await routes.vcenters()
    assert found.sessions == 0 and found.last_used is not None


async def test_a_refused_login_is_shown_until_one_is_taken(store: Store, lab: VcenterLab) -> None:
    logins = Logins()
    routes = SourceRoutes(store, deps(logins))
    with pytest.raises(Fault):
        async with logins.session(await access(lab, "wrong")):
            pass
    [found] = await routes.vcenters()
    assert found.sessions == 0 and "refused the user name or password" in found.last_error
    async with logins.session(await access(lab)):
        assert [one.last_error for one in await routes.vcenters()] == [""]
    assert [one.last_error for one in await routes.vcenters()] == [""]


async def test_an_open_session_says_that_its_vcenter_has_gone(store: Store, lab: VcenterLab) -> None:
    logins = Logins()
    routes = SourceRoutes(store, deps(logins))
    async with logins.session(await access(lab)) as vcenter:
        lab.stop()
        with pytest.raises(Fault):
            await vcenter.ensure_session()
        [found] = await routes.vcenters()
        assert found.sessions == 1 and "can't be reached" in found.last_error


async def test_a_cycle_under_way_is_shown_disk_by_disk(store: Store) -> None:
    await keep(store, copy("job-1", "running"), copy("job-0", "completed", minute=0))
    transfers = deps()
    board = Board("job-1", ["disk-2000"])
    transfers.boards["job-1"] = board
    board.disks["disk-2000"].begin("full", "", 100, 7)
    board.disks["disk-2000"].count(60, 50, 10)
    await board.tell(CopyPhase.RUNNING, "Copying the disks")
    [found] = await SourceRoutes(store, transfers).transfers()
    assert (found.job_id, found.vm_name, found.phase, found.operation) == ("job-1", "web", "running", "Copying the disks")
    [disk] = found.disks
    assert (disk.disk_id, disk.sync_type, disk.total_bytes, disk.done_bytes, disk.moved_bytes, disk.skipped_bytes) == (
        *("disk-2000", "full"),
        *(100, 60, 50, 7),
    )


async def test_a_cycle_that_nobody_drives_yet_is_shown_without_figures(store: Store) -> None:
    await keep(store, copy("job-1", "pending"))
    [found] = await SourceRoutes(store, deps()).transfers()
    assert (found.operation, [disk.done_bytes for disk in found.disks]) == ("", [0])


@pytest.mark.parametrize(
    ("jobs", "held"),
    [
        ([copy("job-1", "running", tracking="running")], []),
        ([copy("job-1", "running", state=TAKEN, snapshot="completed", copy="running")], [("job-1", True)]),
        ([copy("job-1", "running", state=TAKEN, snapshot="completed", snapshot_removal="completed")], []),
        ([copy("job-1", "undoing", state=TAKEN, snapshot="completed", copy="failed")], [("job-1", True)]),
        ([copy("job-1", "undoing", state=TAKEN, snapshot="undone", copy="failed")], []),
        ([copy("job-1", "completed", state=TAKEN, snapshot="completed", snapshot_removal="completed")], []),
        ([copy("job-1", "failed", state=TAKEN, snapshot="undone")], []),
        ([copy("job-1", "failed", state=TAKEN, snapshot="undo_failed")], [("job-1", False)]),
        ([copy("job-1", "cancelled", snapshot="undo_failed")], [("job-1", False)]),
    ],
    ids=["none yet", "copying", "removed", "being taken back", "taken back", "finished", "failed and removed", "left", "left unrecorded"],
)
async def test_snapshots_are_shown_while_they_are_there(store: Store, jobs: list[Job], held: list[tuple[str, bool]]) -> None:
    await keep(store, *jobs)
    found = await SourceRoutes(store, deps()).held_snapshots()
    assert [(one.job_id, one.held) for one in found] == held
    assert {(one.vm_name, one.snapshot) for one in found} <= {("web", "migration-appliance-job-1")}


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (("vm-1", 2, "completed"), []),
        (("vm-2", 2, "completed"), ["job-1"]),
        (("vm-1", 0, "completed"), ["job-1"]),
        (("vm-1", 2, "failed"), ["job-1"]),
    ],
    ids=["cleared", "another vm", "an earlier cycle", "a cycle that did not come so far"],
)
async def test_a_snapshot_that_was_left_is_shown_until_a_later_cycle_has_cleared_it(
    store: Store, later: tuple[str, float, str], left: list[str]
) -> None:
    vm, minute, tracking = later
    await keep(
        store,
        copy("job-1", "failed", state=TAKEN, snapshot="undo_failed"),
        copy("job-2", "failed", minute=minute, vm=vm, tracking=tracking),
    )
    assert [one.job_id for one in await SourceRoutes(store, deps()).held_snapshots()] == left
