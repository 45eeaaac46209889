"""Tokens with which scripts and people use the API over the network."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.roles import Role
from appliance.contract.types import OneLine

Name = Annotated[str, Field(min_length=1, max_length=80), OneLine]
Days = Annotated[int, Field(ge=1, le=3650)]


class NewToken(OperatorModel):
    """A token to create: a name by which the audit log tells who it was, and what it may do.

    With `expires_in_days` it ends by itself; `expires_at` names the moment instead.
    """

    name: Name
    role: Role
    expires_in_days: Days | None = None
    expires_at: AwareDatetime | None = None


class Token(OperatorModel):
    """A token without its text. `state` is `good`, `expired` or `revoked`; the first one is `in_file` of the appliance."""

    id: str
    name: str
    role: Role
    state: str
    in_file: bool
    created_at: datetime | None
    last_used: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class CreatedToken(OperatorModel):
    """A new token. `text` is what is sent as the Bearer token; it is shown this once."""

    token: Token
    text: str


class TokensApi(Api):
    """API tokens with roles."""

    @route("GET", "/api/v1/tokens")
    async def tokens(self) -> list[Token]:
        """All tokens, without their texts."""
        raise NotImplementedError

    @route("POST", "/api/v1/tokens", status=201)
    async def create_token(self, body: NewToken) -> CreatedToken:
        """Create a token; its text is in this answer and nowhere else."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/tokens/{token_id}", status=204)
    async def revoke_token(self, token_id: str) -> None:
        """A token opens nothing any more, from now on; the first one is replaced by another in its file."""
        raise NotImplementedError
