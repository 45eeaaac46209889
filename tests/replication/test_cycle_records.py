"""What a cycle writes down can be written again after a crash in its middle."""

from appliance.cloudstack.models import OsseaConfigRow
from appliance.contexts import VmContext
from appliance.contract.inventory import Disk, Vm
from appliance.core.jobs import Job
from appliance.core.store import Store
from appliance.replication import records as cycles


def source(*sizes: int) -> Vm:
    disks = [
        Disk(
            disk_id=f"disk-{2000 + number}",
            key=2000 + number,
            label=f"Hard disk {number + 1}",
            capacity_bytes=size,
            vmdk_path=f"[ds] a/{number}.vmdk",
            datastore="ds",
            provisioning="thin",
            mode="persistent",
            unit_number=number,
            controller="pvscsi",
        )
        for number, size in enumerate(sizes)
    ]
    words = dict.fromkeys(("moref", "name", "path", "datacenter", "uuid", "guest_id", "guest_name", "firmware", "power_state"), "x")
    return Vm.model_validate(
        {
            **words,
            "cpus": 1,
            "memory_mib": 1,
            "secure_boot": False,
            "tracking": True,
            "disks": disks,
            "nics": [],
            "snapshots": [],
            "blockers": [],
        }
    )


async def test_the_vm_can_be_looked_at_again_by_the_same_cycle(store: Store) -> None:
    job = Job(id="job-1", kind="replication", title="", status="running", params={})
    words = dict.fromkeys(("peer_id", "vm_name", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "x")
    context = VmContext(context_id="ctx-1", current_status="replicating", **words)
    async with store.begin() as session:
        config = OsseaConfigRow(name="lab", api_url="x", api_key="x", secret_key="x")
        session.add_all([config, context])
        await session.flush()
        session.add(cycles.new_cycle(job, context, config.id))
    for sizes in ((1 << 30, 1 << 20), (2 << 30, 1 << 20)):
        async with store.begin() as session:
            await cycles.note_specification(session, "job-1", source(*sizes))
    async with store.session() as session:
        assert [disk.capacity_bytes for disk in (await cycles.load(session, "job-1")).disks] == [2 << 30, 1 << 20]
