"""The link between two sites is cut for a minute, in the middle of a full copy and of an increment."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.contract.replications import StartReplication
from appliance.core.commands import run
from appliance.demo import labs, sites
from appliance.demo.ledger import undo
from appliance.demo.operating import add_credential, configure_cloud, pair
from appliance.demo.processes import Starter
from appliance.demo.stage import Stage, join_sites, laid_out, prepare, start_appliances, start_cloud, start_vcenter
from tests.e2e.world import MIB, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
CUT_SECONDS = 60


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Two sites in namespaces, paired and configured; the source's VM has no guest, so that the test writes its disk."""
    ledger = await prepare(tmp_path / "stage", "run")
    try:
        found = laid_out(ledger)
        await join_sites(found)
        vm = {"name": labs.VM, "kind": "storage", "powered_on": True, "tracking": True, "disks": [{"size": 384 * MIB}]}
        (found.work / "source" / "vcenter" / "plan.json").write_text(json.dumps({"vms": [vm]}))
        starter = Starter(ledger, found.work / "logs")
        vcenter, cloud = start_vcenter(starter, found), start_cloud(starter, found)
        await vcenter.ready(found.vcenter.control.answers, labs.START_LIMIT)
        await cloud.ready(found.cloud.control.answers, labs.START_LIMIT)
        await start_appliances(found)
        await pair(found)
        await add_credential(found)
        await configure_cloud(found)
        yield found
        await found.close()
    finally:
        await undo(ledger)


async def write(stage: Stage, size: int) -> None:
    """Fill the beginning of the disk with noise, as the guest would, slowly to be read."""
    await stage.vcenter.control.ask("DELETE", "/failures")
    path = f"/vms/{labs.VM}/disks/2000/data"
    for offset in range(0, size, 32 * MIB):
        await stage.vcenter.control._transport.send("PUT", path, {"offset": str(offset)}, os.urandom(32 * MIB))
    await stage.vcenter.control.ask("POST", "/failures", {"kind": "read_slow", "vm": labs.VM, "times": -1, "seconds": 0.05})


async def survives_a_cut(stage: Stage, job_id: str) -> int:
    """Cut the link once a quarter is copied; returns the bytes that crossed in all, once the job is completed."""

    async def moved(at_least: int) -> int | None:
        found = (await stage.oma.replications.cycle(job_id)).bytes_transferred
        return found if found >= at_least else None

    async def over() -> str | None:
        status = (await stage.oma.jobs.job(job_id)).status
        return status if status in ("completed", "failed", "cancelled") else None

    await until(lambda: moved(64 * MIB), "a quarter is copied")
    await run(["ip", "netns", "exec", stage.sites.link, "nft", "flush", "chain", "inet", "wan", "forward"])
    before = await moved(0)
    await asyncio.sleep(CUT_SECONDS)
    assert (await stage.oma.jobs.job(job_id)).status in ("running", "waiting")
    assert before is not None and (await moved(0) or 0) <= before + 64 * MIB
    await run(["ip", "netns", "exec", stage.sites.link, "nft", "delete", "table", "inet", "wan"])
    await run(["ip", "netns", "exec", stage.sites.link, "nft", "-f", "-"], input=sites.link_rules().encode())
    assert await until(over, "the job ends") == "completed"
    return await moved(0) or 0


async def test_a_cut_of_a_minute_ends_no_cycle(stage: Stage) -> None:
    await write(stage, 256 * MIB)
    first = await stage.oma.replications.replicate(StartReplication(vm_path=f"/DC0/vm/{labs.VM}"))
    assert first.job_id is not None
    assert await survives_a_cut(stage, first.job_id) <= (256 + 128) * MIB

    await write(stage, 192 * MIB)
    second = await stage.oma.replications.replicate(StartReplication(context_id=first.context_id))
    assert second.job_id is not None
    assert await survives_a_cut(stage, second.job_id) <= (192 + 128) * MIB
    assert [disk.sync_type for disk in (await stage.oma.replications.cycle(second.job_id)).disks] == ["incremental"]

    assert await stage.vcenter.snapshots() == []
    await stage.vcenter.control.ask("POST", f"/vms/{labs.VM}/power", {"state": "off"})
    volume = (await stage.oma.storage.volumes())[0]
    target = stage.cloud.folder / "volumes" / f"{volume.volume_id}.raw"
    await run(["qemu-img", "compare", "-f", "raw", "-F", "raw", str(stage.vcenter.disk(2000)), str(target)])
