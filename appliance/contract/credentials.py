"""Credentials of vCenters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import Secret

Text = Annotated[str, Field(min_length=1, max_length=255)]


class NewCredential(OperatorModel):
    """A vCenter and how to log in there. `fingerprint` is the SHA-256 of its certificate, as the operator confirmed it."""

    name: Text
    peer_id: Text
    vcenter_host: Text
    vcenter_port: Annotated[int, Field(ge=1, le=65535)] = 443
    username: Text
    password: Annotated[Secret, Field(min_length=1, max_length=512)]
    datacenter: str = ""
    fingerprint: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:?){32}$")]
    is_default: bool = False


class Credential(OperatorModel):
    """A stored credential, without its password."""

    id: int
    name: str
    peer_id: str
    vcenter_host: str
    vcenter_port: int
    username: str
    datacenter: str
    fingerprint: str
    is_default: bool


class CredentialsApi(Api):
    """The vault of vCenter credentials."""

    @route("POST", "/api/v1/vmware-credentials", status=201)
    async def create_credential(self, body: NewCredential) -> Credential:
        """Store a credential; its password is sealed."""
        raise NotImplementedError

    @route("GET", "/api/v1/vmware-credentials")
    async def credentials(self) -> list[Credential]:
        """All credentials."""
        raise NotImplementedError

    @route("GET", "/api/v1/vmware-credentials/{credential_id}")
    async def credential(self, credential_id: str) -> Credential:
        """One credential."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/vmware-credentials/{credential_id}", status=204)
    async def delete_credential(self, credential_id: str) -> None:
        """Remove a credential that no VM uses."""
        raise NotImplementedError
