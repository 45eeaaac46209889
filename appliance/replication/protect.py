"""Taking VMs under management and starting cycles."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from appliance.contexts import VmContext, VmState, records
from appliance.contexts.records import ALREADY_MANAGED
from appliance.contract.inventory import AskVm, VCenterAccess, Vm
from appliance.core.jobs import Job, Runner
from appliance.core.store import new_id
from appliance.replication.cycle import KIND, CycleDeps
from appliance.replication.faults import NOT_MIGRATABLE, PART_OF_FAILOVER


@dataclass(frozen=True)
class Protection:
    """Protects VMs of one vCenter after the other; every cycle goes through here."""

    deps: CycleDeps
    runner: Runner

    async def add(self, peer_id: str, credential_id: int, vm_path: str) -> str:
        """Take a VM under management; returns its context id.

        Raises a Fault when it is not found, can't be migrated, or is under management already.
        """
        access = await self.deps.source.login(credential_id)
        vm = await self.deps.source.vma(peer_id).vm(AskVm(access=access, vm=vm_path))
        if vm.blockers:
            raise NOT_MIGRATABLE(name=vm.name, reasons=" ".join(vm.blockers))
        context = _context(peer_id, credential_id, access, vm)
        async with self.deps.store.begin() as session:
            same = select(VmContext.context_id).where(
                VmContext.peer_id == peer_id, VmContext.vcenter_host == access.host, VmContext.vmware_vm_id == vm.moref
            )
            if await session.scalar(same) is not None:
                raise ALREADY_MANAGED(name=vm.name)
            session.add(context)
        return context.context_id

    async def start(
        self,
        context_id: str,
        *,
        config_id: int | None = None,
        quiesce: bool = False,
        parent_job_id: str | None = None,
        job_id: str | None = None,
    ) -> str:
        """Start a cycle; returns its job's id (`job_id`, if it is given). `parent_job_id` is the failover that holds the VM meanwhile.

        Raises a Fault when the VM is busy or in a state that cannot be, or when no CloudStack configuration can be used.
        """
        async with self.deps.store.session() as session:
            context = await records.by_id(session, context_id)
        config, choice = await self.deps.configs.choose(config_id if config_id is not None else context.ossea_config_id)
        params = {
            "context_id": context_id,
            "vm_name": context.vm_name,
            "config_id": config.ready_for_volumes().id,
            "config_reason": choice.why,
            "quiesce": quiesce,
            "parent_job_id": parent_job_id,
        }
        return await self.runner.submit(KIND, params, vm_context_id=context_id, peer_id=context.peer_id, job_id=job_id)

    async def again(self, job: Job) -> str:
        """Start a cycle as an ended one was started; returns its job's id. Raises the Faults of `start`."""
        if job.params["parent_job_id"] is not None:
            raise PART_OF_FAILOVER(name=job.params["vm_name"], cause=f"of {job.params['parent_job_id']}")
        return await self.start(job.params["context_id"], config_id=job.params["config_id"], quiesce=job.params["quiesce"])


def _context(peer_id: str, credential_id: int, access: VCenterAccess, vm: Vm) -> VmContext:
    return VmContext(
        context_id=new_id("ctx"),
        peer_id=peer_id,
        vm_name=vm.name,
        vmware_vm_id=vm.moref,
        vm_path=vm.path,
        vcenter_host=access.host,
        datacenter=vm.datacenter,
        current_status=VmState.DISCOVERED,
        credential_id=credential_id,
        specification=vm.model_dump(),
    )
