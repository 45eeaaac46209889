"""Credentials of vCenters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.jobs import Problem
from appliance.contract.types import OneLine, Secret

Text = Annotated[str, Field(min_length=1, max_length=255), OneLine]
_NAME_OR_ADDRESS = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$"
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=_NAME_OR_ADDRESS)]
Port = Annotated[int, Field(ge=1, le=65535)]
Password = Annotated[Secret, Field(min_length=1, max_length=512)]
Datacenter = Annotated[str, Field(max_length=255), OneLine]
Fingerprint = Annotated[str, Field(pattern=r"^(([0-9A-Fa-f]{2}:?){32})?$")]
Authority = Annotated[str, Field(max_length=64 * 1024)]


class NewCredential(OperatorModel):
    """A vCenter and how to log in there.

    Its certificate is trusted by one of two: `fingerprint`, its SHA-256 as it was shown and confirmed, or `ca`, the authority that
    signed it (PEM).
    """

    name: Text
    peer_id: Text
    vcenter_host: Host
    vcenter_port: Port = 443
    username: Text
    password: Password
    datacenter: Datacenter = ""
    fingerprint: Fingerprint = ""
    ca: Authority = ""
    is_default: bool = False


class CredentialChange(OperatorModel):
    """What to change; what is left out stays. A new host, port or appliance needs password and certificate again."""

    name: Text | None = None
    peer_id: Text | None = None
    vcenter_host: Host | None = None
    vcenter_port: Port | None = None
    username: Text | None = None
    password: Password | None = None
    datacenter: Datacenter | None = None
    fingerprint: Fingerprint | None = None
    ca: Authority | None = None


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
    ca: str
    is_default: bool
    last_used: datetime | None
    usage_count: int
    created_at: datetime
    updated_at: datetime


class AskCertificate(OperatorModel):
    """Which vCenter's certificate to show, as the appliance beside it sees it."""

    peer_id: Text
    vcenter_host: Host
    vcenter_port: Port = 443


class ShownCertificate(OperatorModel):
    """A vCenter's certificate as it is shown now. Compare `fingerprint` with the one that vCenter itself shows before it is sent back."""

    fingerprint: str
    subject: str
    issuer: str
    names: list[str]
    not_before: datetime
    not_after: datetime
    self_signed: bool


class CredentialTest(OperatorModel):
    """What a login found: the vCenter, or the reason why not."""

    ok: bool
    problem: Problem | None = None
    name: str = ""
    version: str = ""
    build: str = ""
    api_version: str = ""
    datacenters: list[str] = Field(default_factory=list)


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

    @route("GET", "/api/v1/vmware-credentials/default")
    async def default_credential(self) -> Credential:
        """The credential that is used where none is named."""
        raise NotImplementedError

    @route("POST", "/api/v1/vmware-credentials/certificate", asks=True, costly=True)
    async def certificate(self, body: AskCertificate) -> ShownCertificate:
        """The certificate of a vCenter, fetched by its VMA, to be compared before it is trusted; no login is sent."""
        raise NotImplementedError

    @route("POST", "/api/v1/vmware-credentials/test", costly=True)
    async def test_new_credential(self, body: NewCredential) -> CredentialTest:
        """Log in with what is not stored yet; nothing is kept."""
        raise NotImplementedError

    @route("GET", "/api/v1/vmware-credentials/{credential_id}")
    async def credential(self, credential_id: str) -> Credential:
        """One credential."""
        raise NotImplementedError

    @route("PUT", "/api/v1/vmware-credentials/{credential_id}")
    async def update_credential(self, credential_id: str, body: CredentialChange) -> Credential:
        """Change a credential."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/vmware-credentials/{credential_id}", status=204)
    async def delete_credential(self, credential_id: str) -> None:
        """Remove a credential that no VM uses."""
        raise NotImplementedError

    @route("POST", "/api/v1/vmware-credentials/{credential_id}/set-default")
    async def set_default_credential(self, credential_id: str) -> Credential:
        """Make it the one that is used where none is named."""
        raise NotImplementedError

    @route("POST", "/api/v1/vmware-credentials/{credential_id}/test", costly=True)
    async def test_credential(self, credential_id: str) -> CredentialTest:
        """Log in to the vCenter through its VMA: what it is, or the reason why not."""
        raise NotImplementedError
