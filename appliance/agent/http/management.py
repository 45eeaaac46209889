"""Routes of what is done to a VM's record."""

from __future__ import annotations

from appliance.contexts import records
from appliance.contract import management as contract
from appliance.contract.types import JobRef
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.replication import history, removal
from appliance.replication.faults import OTHER_VCENTER
from appliance.replication.source import Sources
from appliance.volumes.facade import Volumes
from appliance.vsphere.credentials import require


class ManagementRoutes(contract.ManagementApi):
    """Serves specifications, credentials and the end of VMs under management."""

    def __init__(self, store: Store, source: Sources, volumes: Volumes, runner: Runner) -> None:
        self._store, self._source, self._volumes, self._runner = store, source, volumes, runner

    async def rediscover(self, vm: str) -> contract.Specification:
        return await history.rediscover(self._store, self._source, vm)

    async def specifications(self, vm: str, limit: contract.Most = 50) -> list[contract.Specification]:
        return await history.specification_history(self._store, vm, limit)

    async def set_credential(self, vm: str, body: contract.ChooseCredential) -> contract.VmCredential:
        async with self._store.begin() as session:
            context = await records.by_name_or_id(session, vm)
            if context.current_job_id is not None:
                raise records.BUSY(name=context.vm_name, cause=f"held by {context.current_job_id}")
            credential = await require(session, body.credential_id)
            if (credential.peer_id, credential.vcenter_host.lower()) != (context.peer_id, context.vcenter_host.lower()):
                raise OTHER_VCENTER(name=context.vm_name, host=context.vcenter_host, credential=credential.name)
            context.credential_id = credential.id
        return contract.VmCredential(context_id=context.context_id, credential_id=credential.id, credential_name=credential.name)

    async def removal(self, vm: str) -> contract.Removal:
        return await removal.preview(self._store, self._volumes, vm)

    async def remove_vm(self, vm: str) -> JobRef:
        return JobRef(job_id=await removal.start(self._store, self._runner, vm))
