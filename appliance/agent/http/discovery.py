"""Routes of discovery: what is in a vCenter, and adding many VMs at once."""

from __future__ import annotations

from sqlalchemy import select

from appliance.contexts import VmContext
from appliance.contract import discovery as contract
from appliance.contract import inventory as far
from appliance.contract.types import JobRef
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.replication import bulk
from appliance.replication.admission import Origin
from appliance.replication.source import Sources
from appliance.vsphere.credentials import Credentials, VmwareCredential


class DiscoveryRoutes(contract.DiscoveryApi):
    """Serves what the VMAs see."""

    def __init__(self, store: Store, source: Sources, credentials: Credentials, runner: Runner) -> None:
        self._store, self._source, self._credentials, self._runner = store, source, credentials, runner

    async def discover(self, body: contract.AskDiscovery) -> contract.FoundVms:
        credential = await self._credential(body.credential_id)
        access = await self._source.login(credential.id)
        wanted = body.model_dump(exclude={"credential_id"})
        found = await self._source.vma(credential.peer_id).discover(far.Discover(access=access, **wanted))
        known = await self._managed(Origin(credential.peer_id, credential.id, credential.vcenter_host))
        vms = [contract.FoundVm(**line.model_dump(), context_id=known.get(line.moref)) for line in found.vms]
        return contract.FoundVms(vms=vms, total=found.total or len(vms), page=body.page, limit=body.limit, at=found.at)

    async def folders(self, body: contract.AskFolders) -> far.FolderList:
        credential = await self._credential(body.credential_id)
        access = await self._source.login(credential.id)
        return await self._source.vma(credential.peer_id).folders(far.AskFolders(access=access, anew=body.anew))

    async def add_vms(self, body: contract.AddVms) -> JobRef:
        credential = await self._credential(body.credential_id)
        return JobRef(job_id=await bulk.start(self._runner, credential.peer_id, credential.id, body.vms))

    async def additions(self, job_id: str) -> list[contract.Addition]:
        return await bulk.outcomes(self._runner, job_id)

    async def _credential(self, credential_id: int | None) -> VmwareCredential:
        return await (self._credentials.default() if credential_id is None else self._credentials.get(credential_id))

    async def _managed(self, origin: Origin) -> dict[str, str]:
        """The context ids of the VMs of a vCenter that are under management, by vCenter's own ids."""
        query = select(VmContext.vmware_vm_id, VmContext.context_id)
        query = query.where(VmContext.peer_id == origin.peer_id, VmContext.vcenter_host == origin.vcenter_host)
        async with self._store.session() as session:
            return {moref: context_id for moref, context_id in await session.execute(query)}
