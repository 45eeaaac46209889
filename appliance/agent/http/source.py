"""Routes of what the VMA does at its vCenter."""

from __future__ import annotations

from sqlalchemy import select

from appliance.contract import source as contract
from appliance.contract.peer import DiskProgress
from appliance.core.jobs import Job
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.replication.kinds import COPY
from appliance.replication.transfer.board import Board
from appliance.replication.transfer.held import snapshots_of
from appliance.replication.transfer.workflow import TransferDeps


class SourceRoutes(contract.SourceApi):
    """Serves vCenters, cycles under way, and snapshots."""

    def __init__(self, store: Store, transfers: TransferDeps) -> None:
        self._store, self._transfers = store, transfers

    async def vcenters(self) -> list[contract.VCenterUse]:
        return [
            contract.VCenterUse(
                host=one.host,
                port=one.port,
                username=one.username,
                fingerprint=one.fingerprint,
                sessions=len(one.open),
                last_used=one.last_used,
                last_error=one.last_error,
            )
            for one in self._transfers.logins.visits.all()
        ]

    async def transfers(self) -> list[contract.Transfer]:
        query = select(Job).where(Job.kind == COPY, Job.status.not_in(ENDED)).order_by(Job.created_at)
        async with self._store.session() as session:
            return [_transfer_view(job, self._transfers.board(job)) for job in await session.scalars(query)]

    async def held_snapshots(self) -> list[contract.HeldSnapshot]:
        async with self._store.session() as session:
            return [
                contract.HeldSnapshot(
                    job_id=one.job.id,
                    vm_name=str(one.job.params["vm_name"]),
                    snapshot=one.snapshot,
                    taken_at=one.taken_at,
                    held=one.held,
                )
                for one in await snapshots_of(session)
            ]


def _transfer_view(job: Job, board: Board) -> contract.Transfer:
    return contract.Transfer(
        job_id=job.id,
        vm_name=str(job.params["vm_name"]),
        phase=board.phase,
        operation=board.operation or job.current_operation,
        started_at=job.started_at,
        disks=[_disk_view(gauge.now) for gauge in board.disks.values()],
    )


def _disk_view(disk: DiskProgress) -> contract.DiskTransfer:
    return contract.DiskTransfer(**{name: getattr(disk, name) for name in contract.DiskTransfer.model_fields})
