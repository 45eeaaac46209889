"""Routes of verification."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from appliance.agent.http.views import problem
from appliance.contexts import VmContext, records
from appliance.contract import verifications as contract
from appliance.contract.types import JobRef
from appliance.core.store import Store
from appliance.replication.protect import Protection
from appliance.replication.verify import records as found
from appliance.replication.verify.models import Verification, VerifiedDisk

RANGES_SHOWN = 100


class VerificationRoutes(contract.VerificationsApi):
    """Serves verifications and their reports."""

    def __init__(self, store: Store, protection: Protection) -> None:
        self._store, self._protection = store, protection

    async def verifications(
        self,
        vm: str | None = None,
        mode: contract.VerificationMode | None = None,
        differing: bool | None = None,
        limit: contract.Limit = 100,
    ) -> list[contract.Verification]:
        query = select(Verification, VmContext.vm_name).join(VmContext, VmContext.context_id == Verification.vm_context_id)
        async with self._store.session() as session:
            if vm is not None:
                query = query.where(Verification.vm_context_id == (await records.by_name_or_id(session, vm)).context_id)
            if mode is not None:
                query = query.where(Verification.mode == mode)
            if differing is not None:
                found_some = Verification.disks.any(VerifiedDisk.different_bytes > 0)
                query = query.where(found_some if differing else ~found_some)
            newest = query.order_by(Verification.created_at.desc(), Verification.id.desc()).limit(limit)
            rows = (await session.execute(newest)).all()
        return [contract.Verification(**_shown(one, name)) for one, name in rows]

    async def verification(self, verification_id: str) -> contract.VerificationReport:
        async with self._store.session() as session:
            one = await found.load(session, verification_id)
            name = (await records.by_id(session, one.vm_context_id)).vm_name
        return contract.VerificationReport(**_shown(one, name), disks=[_disk(disk) for disk in one.disks])

    async def verify(self, body: contract.StartVerification) -> JobRef:
        async with self._store.session() as session:
            context_id = (await records.by_name_or_id(session, body.vm)).context_id
        return JobRef(job_id=await self._protection.start(context_id, verify=body.mode.value))


def _shown(one: Verification, vm_name: str) -> dict[str, Any]:
    sums = ("planned_bytes", "checked_bytes", "different_bytes", "repaired_bytes")
    return {
        "id": one.id,
        "vm_context_id": one.vm_context_id,
        "vm_name": vm_name,
        "mode": one.mode,
        "outcome": one.outcome,
        "problem": problem(one.problem),
        "started_at": one.created_at,
        "ended_at": one.ended_at,
        **{name: sum(getattr(disk, name) for disk in one.disks) for name in sums},
    }


def _disk(disk: VerifiedDisk) -> contract.DiskVerification:
    plain = ("disk_id", "label", "capacity_bytes", "planned_bytes", "checked_bytes", "different_bytes", "repaired_bytes", "outcome")
    return contract.DiskVerification(
        **{name: getattr(disk, name) for name in plain},
        different=[contract.ByteRange(offset=offset, length=length) for offset, length in disk.found[:RANGES_SHOWN]],
        problem=problem(disk.problem),
    )
