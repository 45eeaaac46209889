"""Routes of discovery, protection and cycles."""

from __future__ import annotations

from sqlalchemy import select

from appliance.contexts import VmContext, records
from appliance.contract import replications as contract
from appliance.contract.errors import BAD_REQUEST, NOT_FOUND
from appliance.contract.peer import Discover, VmList
from appliance.core.store import Store
from appliance.replication import records as cycles
from appliance.replication.models import ReplicationJob
from appliance.replication.protect import Protection
from appliance.replication.source import SourceSite
from appliance.vsphere.credentials import Credentials


class ReplicationRoutes(contract.ReplicationsApi):
    """Serves VMs under management and their cycles."""

    def __init__(self, store: Store, source: SourceSite, credentials: Credentials, protection: Protection) -> None:
        self._store, self._source, self._credentials, self._protection = store, source, credentials, protection

    async def discover(self, body: contract.AskDiscovery) -> VmList:
        credential = await self._credentials.get(body.credential_id)
        access = await self._source.login(body.credential_id)
        return await self._source.vma(credential.peer_id).discover(Discover(access=access, name_contains=body.name_contains))

    async def replicate(self, body: contract.StartReplication) -> contract.Replication:
        context_id = body.context_id or await self._add(body)
        if not body.start_replication:
            return contract.Replication(context_id=context_id, job_id=None)
        job_id = await self._protection.start(context_id, config_id=body.ossea_config_id, quiesce=body.quiesce)
        return contract.Replication(context_id=context_id, job_id=job_id)

    async def _add(self, body: contract.StartReplication) -> str:
        credential_id = body.credential_id or await self._credentials.default_id()
        if body.vm_path is None or credential_id is None:
            raise BAD_REQUEST(detail="name the VM by context_id, or by vm_path with credential_id")
        if body.start_replication:
            # Before the VM is added: a missing configuration should leave nothing behind.
            (await self._protection.deps.configs.choose(body.ossea_config_id))[0].ready_for_volumes()
        credential = await self._credentials.get(credential_id)
        return await self._protection.add(credential.peer_id, credential_id, body.vm_path)

    async def change_id(self, vm_path: str, disk_id: str) -> contract.ChangeId:
        async with self._store.session() as session:
            found = await session.scalar(select(VmContext).where(VmContext.vm_path == vm_path))
            if found is None:
                raise NOT_FOUND(noun="VM", id=vm_path)
            return contract.ChangeId(change_id=(found.consistent_point or {}).get("change_ids", {}).get(disk_id) or None)

    async def cycle(self, job_id: str) -> contract.Cycle:
        async with self._store.session() as session:
            return _cycle_view(await cycles.load(session, job_id))

    async def contexts(self) -> list[contract.VmContext]:
        async with self._store.session() as session:
            found = await session.scalars(select(VmContext).order_by(VmContext.vm_name))
            return [_context_view(one) for one in found]

    async def context(self, vm: str) -> contract.VmContext:
        async with self._store.session() as session:
            return _context_view(await records.by_name_or_id(session, vm))


def _context_view(context: VmContext) -> contract.VmContext:
    return contract.VmContext(
        context_id=context.context_id,
        peer_id=context.peer_id,
        vm_name=context.vm_name,
        vm_path=context.vm_path,
        vcenter_host=context.vcenter_host,
        current_status=context.current_status,
        current_job_id=context.current_job_id,
        last_successful_job_id=context.last_successful_job_id,
        last_operation_summary=context.last_operation_summary,
        consistent_at=(context.consistent_point or {}).get("at"),
        torn_since=context.torn_since,
        diverged_since=context.diverged_since,
        ossea_config_id=context.ossea_config_id,
    )


def _cycle_view(cycle: ReplicationJob) -> contract.Cycle:
    return contract.Cycle(
        job_id=cycle.id,
        replication_type=cycle.replication_type,
        status=cycle.status,
        progress_percent=cycle.progress_percent,
        current_operation=cycle.current_operation,
        bytes_transferred=cycle.bytes_transferred,
        bytes_skipped=cycle.bytes_skipped,
        total_bytes=cycle.total_bytes,
        transfer_speed_bps=cycle.transfer_speed_bps,
        eta_seconds=cycle.vma_eta_seconds,
        started_at=cycle.started_at,
        completed_at=cycle.completed_at,
        disks=[
            contract.DiskCycle(
                disk_id=disk.disk_id,
                label=disk.label,
                capacity_bytes=disk.capacity_bytes,
                sync_type=disk.sync_type,
                sync_status=disk.sync_status,
                sync_progress_percent=disk.sync_progress_percent,
                total_bytes=disk.bytes_total,
                moved_bytes=disk.bytes_synced,
                zeroed_bytes=disk.bytes_zeroed,
                skipped_bytes=disk.bytes_skipped,
                rate_bps=disk.rate_bps,
                eta_seconds=disk.eta_seconds,
                seconds=disk.seconds,
                volume_id=disk.ossea_volume_id,
                change_id=disk.disk_change_id,
            )
            for disk in cycle.disks
        ],
    )
