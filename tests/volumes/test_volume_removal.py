"""A VM leaves management: what was made for it in the lab's CloudStack goes, whatever breaks on the way."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr
from volume_site import Site

from appliance.agent.http.binding import application, bind
from appliance.contexts import VmContext, VmState
from appliance.contract.client import Transport, client
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.inventory import AskVm, RemovedSnapshots, VCenterAccess
from appliance.contract.peer import VmaPeerApi
from appliance.core.jobs import Job, Runner
from appliance.core.store import Store
from appliance.replication.models import ReplicationJob
from appliance.replication.removal import VmRemoval, preview, start
from appliance.volumes.facade import Volumes

CONTEXT = "ctx-1"


class Vma(VmaPeerApi):
    """A VMA that is asked to remove snapshots, and no other thing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def remove_snapshots(self, body: AskVm) -> RemovedSnapshots:
        self.asked.append(body.vm)
        return RemovedSnapshots(names=["migration-appliance-job-1"])


class Source:
    """The way to it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def vma(self, peer_id: str) -> VmaPeerApi:
        return client(VmaPeerApi, self._transport)

    async def access(self, context: VmContext) -> VCenterAccess:
        return VCenterAccess(host="vc", username="u", password=SecretStr("p"), fingerprint="")

    async def login(self, credential_id: int) -> VCenterAccess:
        raise NOT_FOUND(noun="credential", id=credential_id)


@pytest.fixture
async def vma() -> AsyncIterator[tuple[Vma, Source]]:
    served, app = Vma(), application()
    bind(app, VmaPeerApi, served)
    with tempfile.TemporaryDirectory(prefix="rm-") as folder:
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(Path(folder) / "vma.sock")).start()
        transport = Transport(unix=str(Path(folder) / "vma.sock"))
        yield served, Source(transport)
        await transport.close()
        await runner.cleanup()


@pytest.fixture
async def jobs(store: Store, volumes: Volumes, vma: tuple[Vma, Source]) -> AsyncIterator[Runner]:
    made = Runner(store)
    made.register(VmRemoval(store, volumes, vma[1]))
    yield made
    await made.close()


async def managed(site: Site, volumes: Volumes, state: VmState = VmState.READY) -> list[str]:
    """A copied VM with two volumes, the first attached here, the second with a snapshot; returns their ids."""
    words = dict.fromkeys(("peer_id", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "x")
    cycle = dict.fromkeys(("peer_id", "source_vm_id", "source_vm_name", "source_vm_path", "vcenter_host", "datacenter"), "x")
    async with site.store.begin() as session:
        point: dict[str, Any] = {"at": "2026-01-01T00:00:00+00:00", "change_ids": {}}
        session.add(VmContext(context_id=CONTEXT, vm_name="web", current_status=state, consistent_point=point, **words))
        await session.flush()
        more = {"replication_type": "initial", "status": "completed", "ossea_config_id": site.config.id}
        session.add(ReplicationJob(id="job-1", vm_context_id=CONTEXT, disks=[], **cycle, **more))
    first, second = await site.disk(volumes, 0, context=CONTEXT), await site.disk(volumes, 1, context=CONTEXT)
    await volumes.acquire("job-1", [first, second])
    await volumes.release("job-1")
    await volumes.detach([second])
    await volumes.snapshot(second, "job-f")
    return [first, second]


async def ended(jobs: Runner, store: Store) -> Job:
    return await jobs.wait(await start(store, jobs, "web"))


async def test_volumes_snapshots_and_records_go_and_the_job_stays(
    site: Site, volumes: Volumes, jobs: Runner, vma: tuple[Vma, Source]
) -> None:
    await managed(site, volumes)
    told = await preview(site.store, volumes, "web")
    assert told.goes[:2] == ["2 volumes in CloudStack with 2 GiB, and the copy on them.", "1 snapshot of these volumes."]
    job = await ended(jobs, site.store)
    assert (job.status, vma[0].asked) == ("completed", ["x"])
    assert (site.lab.cloud.world.volumes, site.lab.cloud.world.snapshots, await volumes.all()) == ({}, {}, [])
    async with site.store.session() as session:
        assert await session.get(VmContext, CONTEXT) is None and await session.get(ReplicationJob, "job-1") is None
    assert (await jobs.get(job.id)).title == "Removal of web from management"


async def test_one_that_stops_half_way_leaves_a_copy_that_cant_be_started_and_is_finished_by_asking_again(
    site: Site, volumes: Volumes, jobs: Runner
) -> None:
    await managed(site, volumes)
    site.fail("error", "deleteVolume")
    job = await ended(jobs, site.store)
    assert job.status == "failed" and job.error is not None
    async with site.store.session() as session:
        left = await session.get_one(VmContext, CONTEXT)
        assert (left.current_job_id, left.consistent_point) == (None, None) and left.torn_since is not None
        assert left.last_operation_summary is not None and left.last_operation_summary["status"] == "failed"
    assert (await ended(jobs, site.store)).status == "completed"
    assert site.lab.cloud.world.volumes == {}


async def test_the_disks_of_a_machine_that_was_migrated_for_good_are_not_touched(site: Site, volumes: Volumes, jobs: Runner) -> None:
    ids = await managed(site, volumes, VmState.MIGRATED)
    before = site.commands()
    assert (await ended(jobs, site.store)).status == "completed"
    assert site.commands() == before
    assert set(site.lab.cloud.world.volumes) == set(ids) and await volumes.all() == []


async def test_a_vm_is_removed_once(site: Site, volumes: Volumes, jobs: Runner) -> None:
    await managed(site, volumes)
    first = await start(site.store, jobs, "web")
    with pytest.raises(Fault) as refused:
        await start(site.store, jobs, "web")
    assert refused.value.key == "vm.busy"
    assert (await jobs.wait(first)).status == "completed"
    with pytest.raises(Fault) as gone:
        await start(site.store, jobs, "web")
    assert gone.value.status == 404
