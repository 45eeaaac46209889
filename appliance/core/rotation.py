"""Changing the vault's key: a new key beside the old ones, every sealed column sealed anew, the old keys destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import Fault, fault
from appliance.core.jobs import Job, Run, Step, Workflow, refuse_beside
from appliance.core.store import Store
from appliance.core.vault import Vault

KIND = "key-rotation"
RUNS_ALREADY = fault("vault.rotation_runs", 409, "The key is being changed already.", "Wait until that job has ended.")
UNREADABLE_ROW = fault(
    "vault.rotation_unreadable",
    409,
    "The {noun} with the number {id} can't be read with the old key.",
    "Enter its secret again or delete it, then change the key again. Until then the old key is kept.",
)


@dataclass(frozen=True)
class SealedColumn:
    """A column that the vault seals: of which table, and what one row of it is called. Rows are told apart by their `id`."""

    model: Any
    name: str
    noun: str

    def bound_to(self, row_id: int) -> str:
        """What a secret of this row is bound to."""
        return f"{self.model.__tablename__}/{row_id}"

    def sealed_otherwise(self, key_id: str) -> Select[int]:
        """The ids of the rows that another key sealed."""
        column = getattr(self.model, self.name)
        return select(self.model.id).where(column != "", ~column.startswith(f"{key_id}:", autoescape=True)).order_by(self.model.id)


class NewKey(Step):
    """The new key, beside the old one; from now on it seals."""

    name, title = "new-key", "Making the new key"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def done(self, run: Run) -> bool:
        return run.state.get("key_id") in self._vault.key_ids

    async def do(self, run: Run) -> None:
        run.state.setdefault("key_id", self._vault.next_key_id)
        await run.save()
        await asyncio.to_thread(self._vault.add_key, run.state["key_id"])


class SealAnew(Step):
    """Every secret sealed with the newest key, one transaction a row; what is done is seen from the rows themselves."""

    name, title = "seal-anew", "Protecting each stored secret with the new key"

    def __init__(self, store: Store, vault: Vault, columns: Sequence[SealedColumn]) -> None:
        self._store, self._vault, self._columns = store, vault, columns

    async def do(self, run: Run) -> None:
        left = [(column, row_id) for column in self._columns for row_id in await self.left(column)]
        for count, (column, row_id) in enumerate(left):
            await self._seal_anew(column, row_id)
            await run.progress((count + 1) / len(left))

    async def left(self, column: SealedColumn) -> Sequence[int]:
        """The rows of a column that another key sealed."""
        async with self._store.session() as session:
            return (await session.scalars(column.sealed_otherwise(self._vault.key_id))).all()

    async def _seal_anew(self, column: SealedColumn, row_id: int) -> None:
        async with self._store.begin() as session:
            row = await session.get(column.model, row_id)
            sealed = "" if row is None else getattr(row, column.name)
            if not sealed or sealed.startswith(f"{self._vault.key_id}:"):
                return  # deleted, or entered anew meanwhile
            try:
                secret = self._vault.open(sealed, column.bound_to(row_id))
            except Fault as error:
                raise UNREADABLE_ROW(noun=column.noun, id=row_id, cause=error.cause) from error
            setattr(row, column.name, self._vault.seal(secret, column.bound_to(row_id)))


class DestroyOldKeys(Step):
    """Once no row needs them; nothing is written meanwhile."""

    name, title = "destroy-old-keys", "Destroying the old key"

    def __init__(self, store: Store, vault: Vault, columns: Sequence[SealedColumn], sealing: SealAnew) -> None:
        self._store, self._vault, self._columns, self._sealing = store, vault, columns, sealing

    async def do(self, run: Run) -> None:
        while not await self._destroyed():
            await self._sealing.do(run)  # something that was under way when the new key came

    async def _destroyed(self) -> bool:
        async with self._store.begin() as session:
            for column in self._columns:
                if await session.scalar(column.sealed_otherwise(self._vault.key_id).limit(1)) is not None:
                    return False
            await asyncio.to_thread(self._vault.destroy_old_keys)
        return True


class KeyRotation(Workflow):
    """Broken off anywhere, it goes on; failed, it leaves all keys and is started again."""

    kind = KIND
    undoes = False

    def __init__(self, store: Store, vault: Vault, columns: Sequence[SealedColumn]) -> None:
        sealing = SealAnew(store, vault, columns)
        super().__init__((NewKey(vault), sealing, DestroyOldKeys(store, vault, columns, sealing)))

    def title(self, job: Job) -> str:
        return "Change of the key that protects stored secrets"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, RUNS_ALREADY)
