"""What goes wrong on the way is told in plain words, and nothing is lost or left behind."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pyVim.connect import SmartConnect
from pyVmomi import vim

from appliance.contract import credentials, replications
from appliance.contract.errors import Fault
from appliance.contract.failover import StartLive, StartTest
from appliance.lab.cloudstack import Fault as CloudFault
from appliance.lab.vcenter.plan import DiskPlan
from tests.e2e.world import MIB, World, fingerprint, noise, storage_vm, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="module")]
NAMES = ("plain", "grown", "refused", "expired", "quota", "lost", "device")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One world for all tests here, each with a VM of its own."""
    folder: Path = tmp_path_factory.mktemp("faults")
    independent = storage_vm("independent", 16 * MIB)
    independent.disks = [DiskPlan(size=16 * MIB, mode="independent_persistent")]
    async with world(folder, independent, storage_vm("aged", 16 * MIB), *(storage_vm(name, 16 * MIB) for name in NAMES)) as found:
        yield found


async def refused(call: object) -> Fault:
    """The fault with which a call is refused."""
    with pytest.raises(Fault) as caught:
        await call  # type: ignore[misc]
    assert caught.value.guidance
    return caught.value


def start(site: World, vm: str, credential_id: int | None = None) -> object:
    request = replications.StartReplication(credential_id=credential_id or site.credential_id, vm_path=f"/DC0/vm/{vm}")
    return site.replications.replicate(request)


async def credential(site: World, name: str, **changed: object) -> int:
    api: credentials.CredentialsApi = site.api(credentials.CredentialsApi)  # type: ignore[assignment]
    values = {
        "name": name,
        "peer_id": site.peer_id,
        "vcenter_host": "127.0.0.1",
        "vcenter_port": site.vcenter.port,
        "username": site.vcenter.user,
        "password": site.vcenter.password,
        "fingerprint": fingerprint(site.vcenter.certificate),
    }
    return (await api.create_credential(credentials.NewCredential.model_validate({**values, **changed}))).id


async def test_a_wrong_password_is_told_and_adds_nothing(site: World) -> None:
    error = await refused(start(site, "plain", await credential(site, "wrong password", password="no")))
    assert error.key == "vcenter.login_refused"
    assert all(one.vm_name != "plain" for one in await site.replications.contexts())


async def test_another_certificate_is_never_accepted(site: World) -> None:
    error = await refused(start(site, "plain", await credential(site, "wrong certificate", fingerprint="AB" * 32)))
    assert error.key == "vcenter.certificate_mismatch"


async def test_a_vm_that_is_not_there_is_told(site: World) -> None:
    assert (await refused(start(site, "nobody"))).key == "vcenter.vm_not_found"


async def test_an_independent_disk_is_told_with_what_to_change(site: World) -> None:
    error = await refused(start(site, "independent"))
    assert error.key == "vm.not_migratable" and "independent of snapshots" in error.message


async def test_an_old_snapshot_is_told_by_its_name(site: World) -> None:
    await site.lab("POST", "/vms/aged/snapshots", {"name": "before the update", "days_old": 400})
    error = await refused(start(site, "aged"))
    assert error.key == "vm.not_migratable" and "before the update" in error.message


async def test_a_vm_is_protected_once_and_one_operation_runs_at_a_time(site: World) -> None:
    context_id, job_id = await site.protect("plain")
    assert (await refused(site.sync(context_id))).key == "vm.busy"
    assert (await refused(start(site, "plain"))).key == "vm.already_managed"
    await site.ended(job_id)


async def test_an_unsynchronised_vm_is_never_started(site: World) -> None:
    request = replications.StartReplication(credential_id=site.credential_id, vm_path="/DC0/vm/lost", start_replication=False)
    context_id = (await site.replications.replicate(request)).context_id
    for call in (site.failover.failover_test(StartTest(vm=context_id)), site.failover.failover_live(StartLive(vm=context_id))):
        assert (await refused(call)).status == 409
    assert (await site.replications.context("lost")).current_status == "discovered"


async def test_a_torn_copy_is_never_started(site: World) -> None:
    context_id = (await site.replications.context("lost")).context_id
    await site.write("lost", 2000, 0, noise(8 * MIB))
    await site.lab("POST", "/failures", {"kind": "read_slow", "vm": "lost", "times": -1, "seconds": 1.0})
    job_id = await site.sync(context_id)
    while (await site.replications.context(context_id)).torn_since is None:
        await asyncio.sleep(0.05)
    await site.jobs.cancel_job(job_id)
    await site.ended(job_id, wanted="cancelled")
    await site.lab("DELETE", "/failures")
    assert (await refused(site.failover.failover_test(StartTest(vm=context_id)))).status == 409
    assert await site.snapshots("lost") == []


async def test_a_refused_change_id_makes_a_full_copy_of_that_disk(site: World) -> None:
    context_id, job_id = await site.protect("refused")
    await site.ended(job_id)
    await site.write("refused", 2000, MIB, noise(MIB))
    await site.lab("POST", "/failures", {"kind": "query_refused", "vm": "refused", "times": 1})
    job_id = await site.sync(context_id)
    await site.ended(job_id)
    assert [disk.sync_type for disk in (await site.replications.cycle(job_id)).disks] == ["full"]
    await site.identical("refused", context_id)


async def test_a_disk_that_has_grown_is_copied_in_full_onto_a_grown_volume(site: World) -> None:
    context_id, job_id = await site.protect("grown")
    await site.ended(job_id)
    await asyncio.to_thread(grow, site, "grown", 1100 * MIB)
    await site.write("grown", 2000, 1090 * MIB, noise(MIB))
    job_id = await site.sync(context_id)
    await site.ended(job_id)
    assert [disk.sync_type for disk in (await site.replications.cycle(job_id)).disks] == ["full"]
    assert [volume.size_gb for volume in await site.storage.volumes() if volume.vm_context_id == context_id] == [2]
    await site.identical("grown", context_id)


def grow(site: World, name: str, size: int) -> None:
    """Grow the first disk of a VM, as an administrator of the vCenter does."""
    context = ssl._create_unverified_context()
    service = SmartConnect(host="127.0.0.1", port=site.vcenter.port, user=site.vcenter.user, pwd=site.vcenter.password, sslContext=context)
    vm = service.content.searchIndex.FindByInventoryPath(f"/DC0/vm/{name}")
    disk = next(one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk))
    disk.capacityInBytes, disk.capacityInKB = size, size // 1024
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=disk)
    task = vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[edit]))
    while task.info.state not in ("success", "error"):
        pass
    assert task.info.state == "success", task.info.error


async def test_a_session_that_expires_in_mid_copy_is_renewed(site: World) -> None:
    await site.write("expired", 2000, 0, noise(12 * MIB))
    await site.lab("POST", "/failures", {"kind": "read_slow", "vm": "expired", "times": -1, "seconds": 0.3})
    context_id, job_id = await site.protect("expired")
    while (await site.jobs.job(job_id)).current_operation != "Copying the disks":
        await asyncio.sleep(0.05)
    await site.lab("DELETE", "/sessions")
    await asyncio.sleep(1)
    await site.lab("DELETE", "/failures")
    await site.ended(job_id)
    await site.identical("expired", context_id)


async def test_a_full_quota_is_told_and_leaves_no_volume(site: World) -> None:
    before = {volume.volume_id for volume in await site.storage.volumes()}
    site.cloud.cloud.faults.add(CloudFault(kind="quota", command="createVolume", times=1))
    _, job_id = await site.protect("quota")
    job = await site.ended(job_id, wanted="failed")
    assert job.error is not None and job.error.guidance
    assert {volume.volume_id for volume in await site.storage.volumes()} == before


async def test_a_cloud_job_that_fails_fails_the_cycle_and_the_next_one_works(site: World) -> None:
    context_id = (await site.replications.context("quota")).context_id
    site.cloud.cloud.faults.add(CloudFault(kind="job_error", command="attachVolume", times=1, text="no host"))
    job = await site.ended(await site.sync(context_id), wanted="failed")
    assert job.error is not None and "no host" not in job.error.message
    await site.ended(await site.sync(context_id))


async def test_no_message_that_an_operator_reads_names_a_tool_or_a_device(site: World) -> None:
    words = ("nbd", "virt-v2v", "VirtIO", "/dev/", "qemu", "libnbd", "Traceback")
    for job in await site.jobs.jobs(limit=1000):
        texts = [job.title, job.current_operation, *(f"{step.title}" for step in job.steps)]
        texts += [f"{one.message} {one.guidance}" for one in (job.error, *(step.error for step in job.steps)) if one]
        texts += [line.message for line in await site.jobs.job_log(job.id)]
        assert not [text for text in texts for word in words if word.lower() in text.lower()]
