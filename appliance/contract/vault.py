"""The key that protects stored secrets."""

from __future__ import annotations

from datetime import datetime

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.types import JobRef


class VaultState(OperatorModel):
    """The key in use, since when, and whether an older one is still kept (until its change has ended)."""

    key_id: str
    made_at: datetime
    has_old_keys: bool


class VaultApi(Api):
    """The vault of passwords and secret keys."""

    @route("GET", "/api/v1/vault")
    async def vault(self) -> VaultState:
        """The key that protects stored secrets."""
        raise NotImplementedError

    @route("POST", "/api/v1/vault/rotation", status=202)
    async def rotate_key(self) -> JobRef:
        """Change the key: every stored secret is sealed anew, then the old key is destroyed."""
        raise NotImplementedError
