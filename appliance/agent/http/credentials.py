"""Routes of vCenter credentials."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts import VmContext
from appliance.contract import credentials as contract
from appliance.contract import inventory as far
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.jobs import Problem
from appliance.replication.source import Sources, access_by
from appliance.tunnel.peers import Peers
from appliance.vsphere.credentials import Change, Credentials, Draft, VmwareCredential, check_trust

_VIEWED = set(contract.Credential.model_fields) - {"ca"}


class CredentialRoutes(contract.CredentialsApi):
    """Serves the vault of credentials."""

    def __init__(self, credentials: Credentials, sources: Sources, peers: Peers) -> None:
        self._credentials, self._sources, self._peers = credentials, sources, peers

    async def create_credential(self, body: contract.NewCredential) -> contract.Credential:
        await self._peers.get(body.peer_id)
        return _view(await self._credentials.create(_draft(body)))

    async def credentials(self) -> list[contract.Credential]:
        return [_view(row) for row in await self._credentials.all()]

    async def default_credential(self) -> contract.Credential:
        return _view(await self._credentials.default())

    async def certificate(self, body: contract.AskCertificate) -> contract.ShownCertificate:
        await self._peers.get(body.peer_id)
        asked = far.AskCertificate(host=body.vcenter_host, port=body.vcenter_port)
        return contract.ShownCertificate(**(await self._sources.vma(body.peer_id).certificate(asked)).model_dump())

    async def test_new_credential(self, body: contract.NewCredential) -> contract.CredentialTest:
        await self._peers.get(body.peer_id)
        draft = _draft(body)
        check_trust(draft.fingerprint, draft.ca)
        return await self._tested(draft.peer_id, access_by(draft, draft.password), draft.datacenter)

    async def credential(self, credential_id: str) -> contract.Credential:
        return _view(await self._credentials.get(_number(credential_id)))

    async def update_credential(self, credential_id: str, body: contract.CredentialChange) -> contract.Credential:
        if body.peer_id is not None:
            await self._peers.get(body.peer_id)
        password = body.password.get_secret_value() if body.password is not None else None
        change = Change(**{**body.model_dump(), "password": password})
        return _view(await self._credentials.update(_number(credential_id), change, users_of))

    async def delete_credential(self, credential_id: str) -> None:
        await self._credentials.delete(_number(credential_id), users_of)

    async def set_default_credential(self, credential_id: str) -> contract.Credential:
        return _view(await self._credentials.set_default(_number(credential_id)))

    async def test_credential(self, credential_id: str) -> contract.CredentialTest:
        row, password = await self._credentials.use(_number(credential_id))
        return await self._tested(row.peer_id, access_by(row, password), row.datacenter)

    async def _tested(self, peer_id: str, access: far.VCenterAccess, datacenter: str) -> contract.CredentialTest:
        try:
            found = await self._sources.vma(peer_id).vcenter(far.AskVCenter(access=access))
        except Fault as error:
            return _not_working(Problem(key=error.key, message=error.message, guidance=error.guidance))
        if datacenter and datacenter.rstrip("/").rpartition("/")[2] not in found.datacenters:
            known = ", ".join(found.datacenters) or "none that this user may see"
            return _not_working(
                Problem(
                    key="credential.no_datacenter",
                    message=f"The login works, but there is no datacenter {datacenter} in this vCenter.",
                    guidance=f"Choose one of these, or leave it empty: {known}.",
                )
            )
        return contract.CredentialTest(ok=True, **found.model_dump())


async def users_of(session: AsyncSession, credential_id: int) -> Sequence[str]:
    """The names of the VMs that use a credential."""
    query = select(VmContext.vm_name).where(VmContext.credential_id == credential_id).order_by(VmContext.vm_name)
    return (await session.scalars(query)).all()


def _not_working(problem: Problem) -> contract.CredentialTest:
    return contract.CredentialTest(ok=False, problem=problem)


def _draft(body: contract.NewCredential) -> Draft:
    return Draft(**{**body.model_dump(), "password": body.password.get_secret_value()})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise NOT_FOUND(noun="credential", id=text)
    return int(text)


def _view(row: VmwareCredential) -> contract.Credential:
    return contract.Credential(**{name: getattr(row, name) for name in _VIEWED}, ca=row.ca or "")
