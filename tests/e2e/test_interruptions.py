"""Whatever is killed in the middle of a cycle: it goes on by itself, and the copy is identical afterwards."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.world import MIB, World, noise, storage_vm, until, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
SIZE = 384 * MIB


async def kill_oma(found: World) -> None:
    found.oma.kill()
    await asyncio.sleep(1)
    await found.oma.start()


async def kill_vma(found: World) -> None:
    found.vma.kill()
    await asyncio.sleep(1)
    await found.vma.start()


async def kill_mover(found: World) -> None:
    assert found.vma.process is not None
    movers = [pid for pid in _children(found.vma.process.pid) if "appliance.replication.mover" in _command(pid)]
    assert movers, "nothing is being copied"
    os.kill(movers[0], signal.SIGKILL)


INTERRUPTIONS: list[Callable[[World], Awaitable[None]]] = [kill_oma, kill_vma, kill_mover]


@pytest.mark.parametrize("interrupt", INTERRUPTIONS, ids=lambda one: one.__name__)
async def test_a_full_copy_and_an_increment_survive(tmp_path: Path, interrupt: Callable[[World], Awaitable[None]]) -> None:
    async with world(tmp_path, storage_vm("web1", SIZE)) as found:
        await found.write("web1", 2000, 0, noise(256 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "vm": "web1", "times": -1, "seconds": 0.05})
        context_id, job_id = await found.protect("web1")
        await found.copied(job_id, 96 * MIB)
        await interrupt(found)
        await found.ended(job_id)
        cycle = await found.replications.cycle(job_id)
        assert cycle.bytes_transferred <= 256 * MIB + 128 * MIB
        assert await found.snapshots("web1") == []

        await found.write("web1", 2000, 0, noise(200 * MIB))
        job_id = await found.sync(context_id)
        await found.copied(job_id, 64 * MIB)
        await interrupt(found)
        await found.ended(job_id)
        assert await found.snapshots("web1") == []
        await found.lab("DELETE", "/failures")
        await found.identical("web1", context_id)


async def test_cancelling_in_the_middle_leaves_no_snapshot_and_the_next_cycle_works(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", SIZE)) as found:
        await found.write("web1", 2000, 0, noise(128 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "vm": "web1", "times": -1, "seconds": 0.1})
        context_id, job_id = await found.protect("web1")
        await found.copied(job_id, 16 * MIB)
        await found.jobs.cancel_job(job_id)
        await found.ended(job_id, wanted="cancelled")
        assert await found.snapshots("web1") == []
        context = await found.replications.context(context_id)
        assert (context.current_status, context.current_job_id) == ("failed", None) and context.torn_since is not None
        await found.lab("DELETE", "/failures")
        await found.ended(await found.sync(context_id))
        await found.identical("web1", context_id)


async def test_a_snapshot_that_somebody_removes_in_the_middle_costs_what_changed_since(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 96 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(80 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "vm": "web1", "times": -1, "seconds": 0.2})
        context_id, job_id = await found.protect("web1")
        await found.copied(job_id, 24 * MIB)
        [snapshot] = await found.snapshots("web1")
        assert isinstance(snapshot, dict)
        await found.lab("DELETE", f"/vms/web1/snapshots/{snapshot['moid']}")
        await found.write("web1", 2000, 0, noise(16 * MIB))
        await found.lab("DELETE", "/failures")
        await found.ended(job_id)
        assert await found.snapshots("web1") == []
        await found.identical("web1", context_id)


async def test_a_cancel_while_the_vma_is_away_is_carried_out_when_it_is_back(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 64 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(48 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "vm": "web1", "times": -1, "seconds": 0.1})
        context_id, job_id = await found.protect("web1")
        await found.copied(job_id, 8 * MIB)
        found.vma.kill()
        await found.jobs.cancel_job(job_id)
        await asyncio.sleep(3)
        shown = await found.jobs.job(job_id)
        assert (shown.status, shown.current_operation) == ("undoing", "Waiting for the appliance at the source")
        await found.vma.start()
        await found.ended(job_id, wanted="cancelled")
        assert await found.snapshots("web1") == []
        assert (await found.replications.context(context_id)).current_job_id is None


async def test_a_cancel_ends_when_the_pairing_of_a_vma_that_is_gone_is_revoked(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 64 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(48 * MIB))
        await found.lab("POST", "/failures", {"kind": "read_slow", "vm": "web1", "times": -1, "seconds": 0.1})
        context_id, job_id = await found.protect("web1")
        await found.copied(job_id, 8 * MIB)
        found.vma.kill()
        await found.jobs.cancel_job(job_id)
        await found.peers.revoke_peer(found.peer_id)
        await found.ended(job_id, wanted="cancelled")
        assert (await found.replications.context(context_id)).current_job_id is None


async def test_cancelling_while_tracking_is_turned_on_leaves_no_snapshot(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 16 * MIB, tracking=False), task_seconds=1.0) as found:
        _, job_id = await found.protect("web1")
        await until(lambda: _stunned(found), "the snapshot that makes tracking take effect is there")
        await found.jobs.cancel_job(job_id)
        await found.ended(job_id, wanted="cancelled")
        assert await found.snapshots("web1") == []


async def _stunned(found: World) -> bool | None:
    return True if any("stun" in str(one) for one in await found.snapshots("web1")) else None


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""
