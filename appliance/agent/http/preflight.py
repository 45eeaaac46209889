"""Routes of looking before something is done."""

from __future__ import annotations

from appliance.contract import preflight as contract
from appliance.contract.errors import BAD_REQUEST
from appliance.failover import preflight
from appliance.failover.deps import FailoverDeps
from appliance.preflight.protect import ProtectionLook
from appliance.vsphere.credentials import Credentials


class PreflightRoutes(contract.PreflightApi):
    """Serves looks before a VM is protected, tested or moved."""

    def __init__(self, failover: FailoverDeps, protection: ProtectionLook, credentials: Credentials) -> None:
        self._failover, self._protection, self._credentials = failover, protection, credentials

    async def preflight_failover(self, body: contract.AskFailover) -> contract.Preflight:
        return await preflight.asked(self._failover, body)

    async def preflight_protection(self, body: contract.AskProtection) -> contract.Preflight:
        credential_id = body.credential_id or await self._credentials.default_id()
        if credential_id is None:
            raise BAD_REQUEST(detail="name the vCenter login by credential_id, or make one the default")
        peer_id = (await self._credentials.get(credential_id)).peer_id
        return contract.Preflight.of(await self._protection.checks(peer_id, credential_id, body.vm_path, body.ossea_config_id))
