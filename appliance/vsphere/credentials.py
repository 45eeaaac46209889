"""Credentials of vCenters, kept on the OMA; passwords are sealed to their row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Text, UniqueConstraint, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from appliance.contract.errors import NOT_FOUND, fault
from appliance.core.rotation import SealedColumn
from appliance.core.store import Base, Store, utcnow
from appliance.core.vault import Vault
from appliance.vsphere.certificate import authorities

NAME_TAKEN = fault("credential.name_taken", 409, "There is a credential called {name} already.", "Choose another name.")
NO_DEFAULT = fault("credential.no_default", 404, "No credential is the default one.", "Choose one of the list as the default.")
IN_USE = fault(
    "credential.in_use",
    409,
    "The credential {name} is used by {count} VMs: {vms}.",
    "Give these VMs another credential or remove them from management first.",
)
NO_TRUST = fault(
    "credential.no_trust",
    422,
    "It is not said how the certificate of this vCenter is to be trusted.",
    "Have the certificate shown, compare its fingerprint with the one vCenter shows, and send it back; or give the authority's"
    " certificate instead. One of the two is needed.",
)
BAD_AUTHORITY = fault(
    "credential.bad_authority",
    422,
    "What was given as the authority's certificate can't be read.",
    "Give it in PEM form: it begins with -----BEGIN CERTIFICATE-----.",
)
ENTER_AGAIN = fault(
    "credential.enter_again",
    422,
    "A password is not sent to another vCenter than the one it was entered for.",
    "Enter the password again, and have the certificate of the new vCenter shown.",
)

Users = Callable[[AsyncSession, int], Awaitable[Sequence[str]]]
"""The names of the VMs that use a credential, asked in the transaction that changes it."""
_SHOWN_VMS = 10


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
    password: Mapped[str] = mapped_column(Text, default="")
    datacenter: Mapped[str] = mapped_column(default="")
    fingerprint: Mapped[str] = mapped_column(default="")
    ca: Mapped[str | None] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    last_used: Mapped[datetime | None]
    usage_count: Mapped[int] = mapped_column(default=0)


SEALED = SealedColumn(VmwareCredential, "password", "vCenter credential")


@dataclass(frozen=True)
class Draft:
    """A credential to store, or to try."""

    name: str
    peer_id: str
    vcenter_host: str
    vcenter_port: int
    username: str
    password: str = field(repr=False)
    datacenter: str
    fingerprint: str
    is_default: bool
    ca: str = ""


@dataclass(frozen=True)
class Change:
    """What to change of a credential; None stays as it is."""

    name: str | None = None
    peer_id: str | None = None
    vcenter_host: str | None = None
    vcenter_port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    datacenter: str | None = None
    fingerprint: str | None = None
    ca: str | None = None


class Credentials:
    """The stored credentials."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    async def create(self, draft: Draft) -> VmwareCredential:
        """Store a credential. Raises NAME_TAKEN, NO_TRUST, BAD_AUTHORITY."""
        check_trust(draft.fingerprint, draft.ca)
        async with self._store.begin() as session:
            await _refuse_taken(session, draft.name)
            if draft.is_default:
                await _no_default(session)
            given = {name: value for name, value in vars(draft).items() if name not in ("password", "ca")}
            row = VmwareCredential(**given, ca=draft.ca or None)
            session.add(row)
            await session.flush()
            row.password = self._vault.seal(draft.password, SEALED.bound_to(row.id))
        return row

    async def update(self, credential_id: int, change: Change, users: Users) -> VmwareCredential:
        """Change a credential. Raises a Fault (404), NAME_TAKEN, NO_TRUST, BAD_AUTHORITY, ENTER_AGAIN, IN_USE (for another appliance)."""
        async with self._store.begin() as session:
            row = await require(session, credential_id)
            if change.name not in (None, row.name):
                await _refuse_taken(session, str(change.name))
            if change.peer_id not in (None, row.peer_id):
                await _refuse_used(session, row, users)
            if _leads_elsewhere(row, change) and (not change.password or not (change.fingerprint or change.ca)):
                raise ENTER_AGAIN()
            if change.fingerprint is not None or change.ca is not None:
                check_trust(change.fingerprint or "", change.ca or "")
                row.fingerprint, row.ca = change.fingerprint or "", change.ca or None
            for name in ("name", "peer_id", "vcenter_host", "vcenter_port", "username", "datacenter"):
                if getattr(change, name) is not None:
                    setattr(row, name, getattr(change, name))
            if change.password:
                row.password = self._vault.seal(change.password, SEALED.bound_to(row.id))
        return row

    async def all(self) -> Sequence[VmwareCredential]:
        """Every credential, by id."""
        async with self._store.session() as session:
            return (await session.scalars(select(VmwareCredential).order_by(VmwareCredential.id))).all()

    async def get(self, credential_id: int) -> VmwareCredential:
        """One credential. Raises a Fault (404)."""
        async with self._store.session() as session:
            return await require(session, credential_id)

    async def default(self) -> VmwareCredential:
        """The default credential. Raises NO_DEFAULT (404)."""
        default_id = await self.default_id()
        if default_id is None:
            raise NO_DEFAULT()
        return await self.get(default_id)

    async def default_id(self) -> int | None:
        """The id of the default credential, if there is one."""
        async with self._store.session() as session:
            return await session.scalar(select(VmwareCredential.id).where(VmwareCredential.is_default))

    async def set_default(self, credential_id: int) -> VmwareCredential:
        """Make it the default one, and no other. Raises a Fault (404)."""
        async with self._store.begin() as session:
            row = await require(session, credential_id)
            await _no_default(session)
            row.is_default = True
        return row

    async def delete(self, credential_id: int, users: Users) -> None:
        """Remove a credential that no VM uses. Raises a Fault (404), IN_USE."""
        async with self._store.begin() as session:
            row = await require(session, credential_id)
            await _refuse_used(session, row, users)
            await session.delete(row)

    async def use(self, credential_id: int) -> tuple[VmwareCredential, str]:
        """A credential and its password, for a login that is about to happen."""
        async with self._store.begin() as session:
            row = await require(session, credential_id)
            row.last_used, row.usage_count = utcnow(), row.usage_count + 1
        return row, self._vault.open(row.password, SEALED.bound_to(row.id))


def check_trust(fingerprint: str, ca: str) -> None:
    """One way to trust a certificate, and one that can be used. Raises NO_TRUST, BAD_AUTHORITY."""
    if bool(fingerprint) == bool(ca):
        raise NO_TRUST()
    if ca and not authorities(ca):
        raise BAD_AUTHORITY()


def _leads_elsewhere(row: VmwareCredential, change: Change) -> bool:
    wanted = ((change.vcenter_host, row.vcenter_host), (change.vcenter_port, row.vcenter_port), (change.peer_id, row.peer_id))
    return any(new not in (None, now) for new, now in wanted)


async def _refuse_taken(session: AsyncSession, name: str) -> None:
    if await session.scalar(select(VmwareCredential.id).where(VmwareCredential.name == name)) is not None:
        raise NAME_TAKEN(name=name)


async def _refuse_used(session: AsyncSession, row: VmwareCredential, users: Users) -> None:
    vms = await users(session, row.id)
    if vms:
        more = [f"{len(vms) - _SHOWN_VMS} more"] if len(vms) > _SHOWN_VMS else []
        raise IN_USE(name=row.name, count=len(vms), vms=", ".join([*vms[:_SHOWN_VMS], *more]))


async def _no_default(session: AsyncSession) -> None:
    await session.execute(update(VmwareCredential).where(VmwareCredential.is_default).values(is_default=False))


async def known(session: AsyncSession, credential_id: int) -> bool:
    """Whether there is such a credential."""
    return await session.get(VmwareCredential, credential_id) is not None


async def require(session: AsyncSession, credential_id: int) -> VmwareCredential:
    """A credential, in the transaction that is about to rely on it. Raises a Fault (404)."""
    row = await session.get(VmwareCredential, credential_id)
    if row is None:
        raise NOT_FOUND(noun="credential", id=credential_id)
    return row
