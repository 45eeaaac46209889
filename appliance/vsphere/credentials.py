"""Credentials of vCenters, kept on the OMA; passwords are sealed to their row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Text, UniqueConstraint, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from appliance.contract.errors import NOT_FOUND, fault
from appliance.core.store import Base, Store, utcnow
from appliance.core.vault import Vault

NAME_TAKEN = fault("credential.name_taken", 409, "There is a credential called {name} already.", "Choose another name.")


class VmwareCredential(Base):
    """A vCenter, the VMA that reaches it, and how to log in.

    Its certificate is known by `fingerprint`, or signed by the authority `ca` (PEM).
    """

    __tablename__ = "vmware_credentials"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    peer_id: Mapped[str] = mapped_column(index=True)
    vcenter_host: Mapped[str]
    vcenter_port: Mapped[int] = mapped_column(default=443)
    username: Mapped[str]
    password: Mapped[str] = mapped_column(default="")
    datacenter: Mapped[str] = mapped_column(default="")
    fingerprint: Mapped[str] = mapped_column(default="")
    ca: Mapped[str | None] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    last_used: Mapped[datetime | None]
    usage_count: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True)
class Draft:
    """A credential to store."""

    name: str
    peer_id: str
    vcenter_host: str
    vcenter_port: int
    username: str
    password: str = field(repr=False)
    datacenter: str
    fingerprint: str
    is_default: bool


class Credentials:
    """The stored credentials."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    async def create(self, draft: Draft) -> VmwareCredential:
        """Store a credential. Raises a Fault (409) when its name is taken."""
        async with self._store.begin() as session:
            if await session.scalar(select(VmwareCredential.id).where(VmwareCredential.name == draft.name)) is not None:
                raise NAME_TAKEN(name=draft.name)
            if draft.is_default:
                await session.execute(update(VmwareCredential).values(is_default=False))
            row = VmwareCredential(
                name=draft.name,
                peer_id=draft.peer_id,
                vcenter_host=draft.vcenter_host,
                vcenter_port=draft.vcenter_port,
                username=draft.username,
                datacenter=draft.datacenter,
                fingerprint=draft.fingerprint,
                is_default=draft.is_default,
            )
            session.add(row)
            await session.flush()
            row.password = self._vault.seal(draft.password, _bound_to(row.id))
        return row

    async def all(self) -> Sequence[VmwareCredential]:
        """Every credential, by id."""
        async with self._store.session() as session:
            return (await session.scalars(select(VmwareCredential).order_by(VmwareCredential.id))).all()

    async def get(self, credential_id: int) -> VmwareCredential:
        """One credential. Raises a Fault (404)."""
        async with self._store.session() as session:
            return await _row(session, credential_id)

    async def default_id(self) -> int | None:
        """The id of the default credential, if there is one."""
        async with self._store.session() as session:
            return await session.scalar(select(VmwareCredential.id).where(VmwareCredential.is_default))

    async def delete(self, credential_id: int) -> None:
        """Remove a credential. Raises a Fault (404)."""
        async with self._store.begin() as session:
            await session.delete(await _row(session, credential_id))

    async def use(self, credential_id: int) -> tuple[VmwareCredential, str]:
        """A credential and its password, for a login that is about to happen."""
        async with self._store.begin() as session:
            row = await _row(session, credential_id)
            row.last_used, row.usage_count = utcnow(), row.usage_count + 1
        return row, self._vault.open(row.password, _bound_to(row.id))


def _bound_to(credential_id: int) -> str:
    return f"vmware_credentials/{credential_id}"


async def _row(session: AsyncSession, credential_id: int) -> VmwareCredential:
    row = await session.get(VmwareCredential, credential_id)
    if row is None:
        raise NOT_FOUND(noun="credential", id=credential_id)
    return row
