"""API tokens: made, shown once, looked up, revoked."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from appliance.agent.tokens.faults import NAME_TAKEN
from appliance.agent.tokens.models import ApiToken
from appliance.contract.errors import NOT_FOUND, STORE_UNWRITABLE, Fault
from appliance.contract.roles import Role
from appliance.core.store import Store, new_id, utcnow

FIRST = "operator"
"""Id and name of the token that is kept in a file: it is there before anybody can create one."""
RESERVED = frozenset((FIRST, "console", "agent", "vendor", "unknown"))
NOTED_EVERY = timedelta(minutes=1)
"""How exact `last_used` is: noting each request would cost a write each time."""

Renew = Callable[[], str]
"""Puts another first token into its file, and returns it; raises OSError."""


@dataclass(frozen=True)
class Caller:
    """Who sends a request: the token's id and name, and what it may do."""

    id: str
    name: str
    role: Role


class Tokens:
    """All tokens of an appliance. They are looked up in memory, so that a request costs no question to the store."""

    def __init__(self, store: Store, first: str, renew: Renew) -> None:
        self._store, self._first, self._renew = store, _hash(first), renew
        self._known: dict[str, ApiToken] = {}
        self._changing = asyncio.Lock()

    @classmethod
    async def open(cls, store: Store, first: str, renew: Renew) -> Tokens:
        """The tokens as they were left; `first` is the one of the file, `renew` puts another one there."""
        found = cls(store, first, renew)
        await found._read()
        return found

    async def all(self) -> Sequence[ApiToken]:
        """Every token that was ever created, oldest first."""
        await self._read()
        return sorted(self._known.values(), key=lambda one: (one.created_at, one.id))

    async def create(self, name: str, role: Role, expires_at: datetime | None) -> tuple[ApiToken, str]:
        """A new token and its text, which nobody can get again. Raises a Fault (`token.name_taken`)."""
        if name.casefold() in RESERVED:
            raise NAME_TAKEN(name=name)
        text = f"mat_{secrets.token_urlsafe(32)}"
        made = ApiToken(
            id=new_id("token"),
            name=name,
            role=role.value,
            hash=_hash(text),
            created_at=utcnow(),
            last_used=None,
            expires_at=expires_at,
            revoked_at=None,
        )
        async with self._changing:
            if any(one.name.casefold() == name.casefold() for one in self._known.values()):
                raise NAME_TAKEN(name=name)
            try:
                async with self._store.begin() as session:
                    session.add(made)
            except IntegrityError as error:
                raise NAME_TAKEN(name=name, cause=type(error).__name__) from None
            self._known[made.hash] = made
        return made, text

    async def revoke(self, token_id: str) -> str:
        """It opens nothing any more, from now on; doing it again changes nothing. The first one is replaced by another in its file.

        Returns its name. Raises a Fault where there is no such token.
        """
        if token_id == FIRST:
            await self._replace_first()
            return FIRST
        async with self._changing:
            found = next((one for one in self._known.values() if one.id == token_id), None)
            if found is None:
                raise NOT_FOUND(noun="token", id=token_id[:80])
            if found.revoked_at is None:
                now = utcnow()
                async with self._store.begin() as session:
                    await session.execute(update(ApiToken).where(ApiToken.id == token_id).values(revoked_at=now))
                found.revoked_at = now
            return found.name

    async def _replace_first(self) -> None:
        try:
            self._first = _hash(await asyncio.to_thread(self._renew))
        except OSError as error:
            raise STORE_UNWRITABLE(cause=f"{type(error).__name__}: {error}") from error

    def caller(self, text: str) -> Caller | None:
        """Whose token this is; None where it opens nothing (any more)."""
        hashed = _hash(text)
        if hashed == self._first:
            return Caller(FIRST, FIRST, Role.ADMIN)
        found = self._known.get(hashed)
        if found is None or not is_good(found, utcnow()):
            return None
        return Caller(found.id, found.name, Role(found.role))

    async def note(self, caller: Caller) -> None:
        """Remember that it was used, at most once a minute; a full disk keeps nobody out."""
        now = utcnow()
        found = next((one for one in self._known.values() if one.id == caller.id), None)
        if found is None or (found.last_used is not None and now - found.last_used < NOTED_EVERY):
            return
        found.last_used = now
        with suppress(Fault):
            async with self._store.begin() as session:
                await session.execute(update(ApiToken).where(ApiToken.id == caller.id).values(last_used=now))

    async def _read(self) -> None:
        async with self._changing, self._store.session() as session:
            rows = (await session.scalars(select(ApiToken))).all()
            session.expunge_all()
        self._known = {row.hash: row for row in rows}


def is_good(token: ApiToken, now: datetime) -> bool:
    """Neither revoked nor expired (pure)."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
