"""The store is migrated by itself, and its tables are the ones that operators and peers know."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, select

from appliance.agent.tables import METADATA
from appliance.contract.errors import Fault
from appliance.core.jobs import Job
from appliance.core.store import Store

FIXED = {
    "peers": "id name role ssh_public_key version boot_id state paired_at last_seen",
    "ossea_configs": "id name api_url api_key secret_key domain zone template_id network_id service_offering_id disk_offering_id oma_vm_id"
    " is_active created_at updated_at",
    "vmware_credentials": "id name peer_id vcenter_host username password datacenter is_default is_active created_at updated_at last_used"
    " usage_count",
    "vm_replication_contexts": "context_id peer_id vm_name vmware_vm_id vm_path vcenter_host datacenter current_status current_job_id"
    " last_successful_job_id last_operation_summary consistent_point torn_since diverged_since ossea_config_id credential_id created_at"
    " updated_at",
    "replication_jobs": "id vm_context_id peer_id source_vm_id source_vm_name source_vm_path vcenter_host datacenter replication_type"
    " target_network status progress_percent current_operation bytes_transferred bytes_skipped total_bytes transfer_speed_bps vma_sync_type"
    " vma_eta_seconds error_message change_id previous_change_id snapshot_id nbd_port nbd_export_name target_device ossea_config_id"
    " created_at updated_at started_at completed_at",
    "vm_disks": "id job_id disk_id vmdk_path size_gb datastore unit_number label capacity_bytes provisioning_type ossea_volume_id"
    " disk_change_id sync_type sync_status sync_progress_percent bytes_synced created_at updated_at",
    "ossea_volumes": "volume_id vm_context_id disk_id volume_name size_gb volume_mode snapshot_id snapshot_status snapshot_point",
    "device_mappings": "id volume_id vm_id device_path persistent_device_name symlink_path cloudstack_state linux_state size last_sync"
    " created_at updated_at",
    "nbd_exports": "id volume_id export_name device_path port status metadata created_at updated_at",
    "volume_operations": "id type status volume_id vm_id request response error created_at updated_at completed_at",
    "failover_jobs": "id vm_context_id replication_job_id vm_id job_type status destination_vm_id network_mappings error_message created_at"
    " updated_at started_at completed_at",
    "cloudstack_job_tracking": "id cloudstack_job_id cloudstack_command cloudstack_status operation_type correlation_id parent_job_id"
    " status created_at updated_at",
    "jobs": "id vm_context_id",
    "job_steps": "id job_id",
    "log_events": "id job_id",
    "job_id_correlations": "id external_job_id internal_job_id job_type vm_context_id correlation_metadata created_at",
    "network_mappings": "id",
    "replication_schedules": "id",
    "vm_machine_groups": "id",
    "vm_group_memberships": "group_id vm_context_id",
    "schedule_executions": "id schedule_id vm_context_id status reason job_id",
}


@pytest.mark.parametrize("table", FIXED)
def test_a_table_has_the_columns_that_others_depend_on(table: str) -> None:
    assert set(FIXED[table].split()) <= set(METADATA.tables[table].columns.keys())


async def test_a_database_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "appliance.db").mkdir()
    with pytest.raises(Fault, match="can't write its records"):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/appliance.db")


@pytest.mark.lab
async def test_a_full_disk_refuses_the_write_loses_nothing_and_heals(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    try:
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/appliance.db")
        async with store.begin() as session:
            session.add(Job(id="job-1", kind="k", title="first", status="completed", params={}))
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(folder).free))
        with pytest.raises(Fault, match="can't write its records"):
            async with store.begin() as session:
                session.add(Job(id="job-2", kind="k", title="x" * 500_000, status="completed", params={}))
        ballast.unlink()
        async with store.begin() as session:
            session.add(Job(id="job-3", kind="k", title="third", status="completed", params={}))
        async with store.session() as session:
            assert list(await session.scalars(select(Job.id).order_by(Job.id))) == ["job-1", "job-3"]
        await store.close()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
async def in_a_file(tmp_path: Path, newest_database: Path) -> AsyncIterator[Store]:
    """An empty store in `records.db`, which does not wait for locks."""
    shutil.copyfile(newest_database, tmp_path / "records.db")
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/records.db")
    event.listen(store.engine.sync_engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=0"))
    yield store
    await store.close()


async def test_a_database_that_another_program_holds_refuses_the_write_and_is_read_meanwhile(in_a_file: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "records.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Fault, match="can't write its records"):
            await put(in_a_file)
        async with in_a_file.session() as session:
            assert list(await session.scalars(select(Job.id))) == []
        other.rollback()
    await put(in_a_file)


async def test_records_that_are_damaged_are_a_clear_error_to_who_reads_and_who_starts(in_a_file: Store, tmp_path: Path) -> None:
    await in_a_file.engine.dispose()
    path = tmp_path / "records.db"
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 50_000)
    with pytest.raises(Fault, match="can't read its records"):
        async with in_a_file.session() as session:
            await session.scalars(select(Job.id))
    with pytest.raises(Fault, match="can't read its records"):
        await Store.open(f"sqlite+aiosqlite:///{path}")


async def put(store: Store) -> None:
    async with store.begin() as session:
        session.add(Job(id="job-1", kind="k", title="t", status="completed", params={}))


async def test_a_writer_that_is_cancelled_at_any_moment_leaves_no_lock(in_a_file: Store, tmp_path: Path) -> None:
    for turns in range(60):
        writer = asyncio.create_task(put_again(in_a_file, turns))
        for _ in range(turns):
            await asyncio.sleep(0)
        writer.cancel()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        with closing(sqlite3.connect(tmp_path / "records.db", timeout=0.5)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()


async def put_again(store: Store, number: int) -> None:
    async with store.begin() as session:
        session.add(Job(id=f"job-{number}", kind="k", title="t", status="completed", params={}))
        await session.flush()
        await session.scalars(select(Job.id))
