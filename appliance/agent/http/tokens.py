"""Routes of API tokens."""

from __future__ import annotations

from datetime import timedelta

from appliance.agent.tokens.models import ApiToken
from appliance.agent.tokens.tokens import FIRST, Tokens, is_good
from appliance.contract import tokens as contract
from appliance.contract.errors import BAD_REQUEST
from appliance.contract.roles import Role
from appliance.core.audit import Audit
from appliance.core.store import utcnow

ACTOR = "operator"


class TokenRoutes(contract.TokensApi):
    """Serves the tokens; the text of one leaves the appliance once, when it is made. The audit log names them."""

    def __init__(self, tokens: Tokens, audit: Audit) -> None:
        self._tokens, self._audit = tokens, audit

    async def tokens(self) -> list[contract.Token]:
        return [_OF_THE_FILE, *(_view(one) for one in await self._tokens.all())]

    async def create_token(self, body: contract.NewToken) -> contract.CreatedToken:
        now = utcnow()
        if body.expires_at is not None and body.expires_in_days is not None:
            raise BAD_REQUEST(detail="expires_at and expires_in_days can't both be given")
        if body.expires_at is not None and body.expires_at <= now:
            raise BAD_REQUEST(detail="expires_at has to be in the future")
        expires_at = now + timedelta(days=body.expires_in_days) if body.expires_in_days else body.expires_at
        made, text = await self._tokens.create(body.name, body.role, expires_at)
        until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "without an end"
        await self._audit.record(ACTOR, "tokens.create_token", "done", f"{made.name}, {made.role}, {until}")
        return contract.CreatedToken(token=_view(made), text=text)

    async def revoke_token(self, token_id: str) -> None:
        name = await self._tokens.revoke(token_id)
        await self._audit.record(ACTOR, "tokens.revoke_token", "done", name)


_OF_THE_FILE = contract.Token(
    id=FIRST,
    name=FIRST,
    role=Role.ADMIN,
    state="good",
    in_file=True,
    created_at=None,
    last_used=None,
    expires_at=None,
    revoked_at=None,
)


def _view(row: ApiToken) -> contract.Token:
    state = "revoked" if row.revoked_at else "good" if is_good(row, utcnow()) else "expired"
    return contract.Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        state=state,
        in_file=False,
        created_at=row.created_at,
        last_used=row.last_used,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
