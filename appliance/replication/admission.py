"""Taking one VM under management: what is checked and what is stored, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext, VmState, specifications
from appliance.contexts.records import ALREADY_MANAGED
from appliance.contract.inventory import Vm
from appliance.core.store import new_id
from appliance.replication.faults import NOT_MIGRATABLE
from appliance.vsphere.credentials import require


@dataclass(frozen=True)
class Origin:
    """The vCenter that a VM was found in, and with which credential."""

    peer_id: str
    credential_id: int
    vcenter_host: str


async def managed(session: AsyncSession, origin: Origin, moref: str) -> VmContext | None:
    """The VM, if it is under management."""
    same = VmContext.peer_id == origin.peer_id, VmContext.vcenter_host == origin.vcenter_host, VmContext.vmware_vm_id == moref
    found: VmContext | None = await session.scalar(select(VmContext).where(*same))
    return found


async def admit(session: AsyncSession, origin: Origin, vm: Vm, job_id: str | None = None) -> VmContext:
    """Take it under management, for a job or by itself.

    Raises NOT_MIGRATABLE, ALREADY_MANAGED, and a Fault (404) when the credential has gone meanwhile.
    """
    if vm.blockers:
        raise NOT_MIGRATABLE(name=vm.name, reasons=" ".join(vm.blockers))
    await require(session, origin.credential_id)
    if await managed(session, origin, vm.moref) is not None:
        raise ALREADY_MANAGED(name=vm.name)
    context = VmContext(
        context_id=new_id("ctx"),
        peer_id=origin.peer_id,
        vm_name=vm.name,
        vmware_vm_id=vm.moref,
        vm_path=vm.path,
        vcenter_host=origin.vcenter_host,
        datacenter=vm.datacenter,
        current_status=VmState.DISCOVERED,
        credential_id=origin.credential_id,
        specification=vm.model_dump(),
    )
    session.add(context)
    await session.flush()
    specifications.note(session, context.context_id, specifications.ADDED, vm, job_id)
    return context
