"""Routes of vCenter credentials."""

from __future__ import annotations

from sqlalchemy import select

from appliance.contexts import VmContext
from appliance.contract import credentials as contract
from appliance.contract.errors import NOT_FOUND, fault
from appliance.core.store import Store
from appliance.tunnel.peers import Peers
from appliance.vsphere.credentials import Credentials, Draft, VmwareCredential

IN_USE = fault("credential.in_use", 409, "{name} is used by {count} VMs.", "Give those VMs another credential first.")


class CredentialRoutes(contract.CredentialsApi):
    """Serves the vault of credentials."""

    def __init__(self, store: Store, credentials: Credentials, peers: Peers) -> None:
        self._store, self._credentials, self._peers = store, credentials, peers

    async def create_credential(self, body: contract.NewCredential) -> contract.Credential:
        await self._peers.get(body.peer_id)
        draft = Draft(**{**body.model_dump(), "password": body.password.get_secret_value()})
        return _view(await self._credentials.create(draft))

    async def credentials(self) -> list[contract.Credential]:
        return [_view(row) for row in await self._credentials.all()]

    async def credential(self, credential_id: str) -> contract.Credential:
        return _view(await self._credentials.get(_number(credential_id)))

    async def delete_credential(self, credential_id: str) -> None:
        row = await self._credentials.get(_number(credential_id))
        async with self._store.session() as session:
            users = (await session.scalars(select(VmContext.context_id).where(VmContext.credential_id == row.id))).all()
        if users:
            raise IN_USE(name=row.name, count=len(users))
        await self._credentials.delete(row.id)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise NOT_FOUND(noun="credential", id=text)
    return int(text)


def _view(row: VmwareCredential) -> contract.Credential:
    return contract.Credential(**{name: getattr(row, name) for name in contract.Credential.model_fields})
