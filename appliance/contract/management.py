"""VMs under management: their specification and its history, their credential, and their end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.inventory import Disk, Nic
from appliance.contract.types import JobRef

Most = Annotated[int, Field(ge=1, le=200)]


class Specification(OperatorModel):
    """A VM as vCenter described it at a time, and the `changes` since the time before, in sentences.

    `origin` is `cycle` (of `job_id`), `added` or `rediscovered`.
    """

    at: datetime
    origin: str
    job_id: str | None
    name: str
    path: str
    cpus: int
    memory_mib: int
    guest_name: str
    firmware: str
    secure_boot: bool
    disks: list[Disk]
    nics: list[Nic]
    blockers: list[str]
    changes: list[str]


class ChooseCredential(OperatorModel):
    """The credential that a VM's vCenter is to be asked with."""

    credential_id: Annotated[int, Field(ge=1, lt=1 << 31)]


class VmCredential(OperatorModel):
    """The credential that a VM's vCenter is asked with."""

    context_id: str
    credential_id: int
    credential_name: str


class Removal(OperatorModel):
    """What goes when a VM is removed from management, in sentences; `refusal` says why it can't be removed now."""

    context_id: str
    vm_name: str
    goes: list[str]
    stays: list[str]
    refusal: str = ""


class ManagementApi(Api):
    """What is done to a VM's record. VMs are named by context id, or by a name that is unique."""

    @route("POST", "/api/v1/vm-contexts/{vm}/rediscover", costly=True)
    async def rediscover(self, vm: str) -> Specification:
        """Look at the VM in vCenter now, and keep what changed."""
        raise NotImplementedError

    @route("GET", "/api/v1/vm-contexts/{vm}/specifications")
    async def specifications(self, vm: str, limit: Most = 50) -> list[Specification]:
        """The VM as vCenter described it at each of its cycles and looks, newest first, with what changed."""
        raise NotImplementedError

    @route("PUT", "/api/v1/vm-contexts/{vm}/credential")
    async def set_credential(self, vm: str, body: ChooseCredential) -> VmCredential:
        """Use another credential of the same vCenter for it."""
        raise NotImplementedError

    @route("GET", "/api/v1/vm-contexts/{vm}/removal")
    async def removal(self, vm: str) -> Removal:
        """What would go if it were removed from management."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/vm-contexts/{vm}", status=202)
    async def remove_vm(self, vm: str) -> JobRef:
        """Remove it from management: a job removes what was made for it, then its records. Its source is not touched otherwise."""
        raise NotImplementedError
