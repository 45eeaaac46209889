"""CloudStack configurations: their records, and which one a job gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.addresses import api_url
from appliance.cloudstack.faults import (
    CONFIG_IN_USE,
    CONFIG_INACTIVE,
    CONFIG_INCOMPLETE,
    CONFIG_NAME_TAKEN,
    CONFIG_NONE_ACTIVE,
    CONFIG_UNKNOWN,
)
from appliance.cloudstack.models import OsseaConfigRow
from appliance.core.rotation import SealedColumn
from appliance.core.store import Store, utcnow
from appliance.core.vault import Vault

Users = Callable[[AsyncSession, int], Awaitable[Sequence[str]]]
"""The names of what uses a configuration, asked in the transaction that removes it."""
SEALED = SealedColumn(OsseaConfigRow, "secret_key", "CloudStack configuration")
_CHOSEN = ("domain", "zone", "template_id", "network_id", "service_offering_id", "disk_offering_id", "oma_vm_id")
_SHOWN_USERS = 10
_NEEDED_FOR_VOLUMES = ("zone", "disk_offering_id", "oma_vm_id")


@dataclass(frozen=True)
class CloudConfig:
    """One CloudStack configuration with its keys open; `zone` and the other references are CloudStack ids."""

    id: int
    name: str
    api_url: str
    api_key: str
    secret_key: str = field(repr=False)
    domain: str = ""
    zone: str = ""
    template_id: str = ""
    network_id: str = ""
    service_offering_id: str = ""
    disk_offering_id: str = ""
    oma_vm_id: str = ""
    is_active: bool = False

    def require(self, *names: str) -> CloudConfig:
        """This configuration, once the named references are chosen. Raises a Fault that names what is missing."""
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            raise CONFIG_INCOMPLETE(missing=", ".join(name.removesuffix("_id").replace("_", " ") for name in missing))
        return self

    def ready_for_volumes(self) -> CloudConfig:
        """This configuration, once volumes can be made with it."""
        return self.require(*_NEEDED_FOR_VOLUMES)


@dataclass(frozen=True)
class ConfigDraft:
    """What an operator saves: a change of the configuration `id`, or of the one with this name, else a new one.

    Empty keys keep the stored ones. `is_active` None: a new one is active if no other is, an old one stays as it is.
    """

    name: str
    address: str
    api_key: str = ""
    secret_key: str = field(default="", repr=False)
    domain: str = ""
    zone: str = ""
    template_id: str = ""
    network_id: str = ""
    service_offering_id: str = ""
    disk_offering_id: str = ""
    oma_vm_id: str = ""
    is_active: bool | None = True
    id: int | None = None


@dataclass(frozen=True)
class ConfigState:
    """What the choice looks at."""

    id: int
    name: str
    is_active: bool


@dataclass(frozen=True)
class Choice:
    """The configuration a job gets, and why."""

    config_id: int
    why: str


def choose(asked: int | None, known: Sequence[ConfigState]) -> Choice:
    """The rule: an existing active id as given; none, 0 or an unknown id → the active one; an inactive one is refused.

    Raises a Fault when the one asked for is inactive, or when none is active.
    """
    named = next((one for one in known if one.id == asked), None)
    if named is not None:
        if not named.is_active:
            raise CONFIG_INACTIVE(name=named.name)
        return Choice(named.id, f"configuration {named.id} ({named.name}) was asked for and is active")
    active = next((one for one in known if one.is_active), None)
    if active is None:
        raise CONFIG_NONE_ACTIVE(cause=f"asked for {asked}, {len(known)} known")
    reason = "none was asked for" if not asked else f"configuration {asked} does not exist"
    return Choice(active.id, f"{reason}; the active one is {active.id} ({active.name})")


class Configs:
    """The stored configurations."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    async def all(self) -> list[CloudConfig]:
        """Every configuration, by id."""
        async with self._store.session() as session:
            found = await session.scalars(select(OsseaConfigRow).order_by(OsseaConfigRow.id))
            return [self._opened(row) for row in found]

    async def get(self, config_id: int) -> CloudConfig:
        """One configuration. Raises a Fault when there is none."""
        async with self._store.session() as session:
            return self._opened(await _row(session, config_id))

    async def choose(self, asked: int | None) -> tuple[CloudConfig, Choice]:
        """The configuration for a job that asks for `asked` (None and 0: none), and why it is this one."""
        async with self._store.session() as session:
            found = await session.scalars(select(OsseaConfigRow).order_by(OsseaConfigRow.id))
            states = [ConfigState(row.id, row.name, row.is_active) for row in found]
        choice = choose(asked, states)
        return await self.get(choice.config_id), choice

    async def save(self, draft: ConfigDraft) -> CloudConfig:
        """Store a configuration; saving it again updates it. An active one replaces the active one.

        Raises CONFIG_UNKNOWN for an id that there is not, CONFIG_NAME_TAKEN, CONFIG_INCOMPLETE without keys.
        """
        url = api_url(draft.address)
        async with self._store.begin() as session:
            row = await _meant(session, draft)
            _refuse_without_keys(draft, row)
            if draft.is_active:
                await _deactivate_all(session)
            if row is None:
                row = OsseaConfigRow(secret_key="", api_key="", is_active=draft.is_active is None and not await _is_any_active(session))
                session.add(row)
            if draft.is_active is not None:
                row.is_active = draft.is_active
            row.name, row.api_url, row.api_key, row.updated_at = draft.name, url, draft.api_key or row.api_key, utcnow()
            for name in _CHOSEN:
                setattr(row, name, getattr(draft, name))
            await session.flush()
            if draft.secret_key:
                row.secret_key = self._vault.seal(draft.secret_key, SEALED.bound_to(row.id))
        return self._opened(row)

    async def activate(self, config_id: int) -> CloudConfig:
        """Make this the active one."""
        async with self._store.begin() as session:
            row = await _row(session, config_id)
            await _deactivate_all(session)
            row.is_active = True
        return self._opened(row)

    async def delete(self, config_id: int, users: Users | None = None) -> None:
        """Remove a configuration that nothing uses. Raises CONFIG_UNKNOWN, CONFIG_IN_USE."""
        async with self._store.begin() as session:
            row = await _row(session, config_id)
            used_by = await users(session, config_id) if users is not None else ()
            if used_by:
                more = [f"{len(used_by) - _SHOWN_USERS} more"] if len(used_by) > _SHOWN_USERS else []
                raise CONFIG_IN_USE(name=row.name, count=len(used_by), users=", ".join([*used_by[:_SHOWN_USERS], *more]))
            await session.delete(row)

    async def last_trial(self, config_id: int) -> dict[str, Any] | None:
        """How the last trial of snapshots went. Raises CONFIG_UNKNOWN."""
        async with self._store.session() as session:
            return (await _row(session, config_id)).last_trial

    def _opened(self, row: OsseaConfigRow) -> CloudConfig:
        config = CloudConfig(row.id, row.name, row.api_url, row.api_key, self._vault.open(row.secret_key, SEALED.bound_to(row.id)))
        return replace(config, is_active=row.is_active, **{name: getattr(row, name) for name in _CHOSEN})


async def record_trial(session: AsyncSession, config_id: int, outcome: dict[str, Any]) -> None:
    """Keep how a trial went, in the transaction that ends it; nothing where the configuration was deleted meanwhile."""
    row = await session.get(OsseaConfigRow, config_id)
    if row is not None:
        row.last_trial = outcome


async def _meant(session: AsyncSession, draft: ConfigDraft) -> OsseaConfigRow | None:
    """The row that a draft changes; None for a new one."""
    named = await session.scalar(select(OsseaConfigRow).where(OsseaConfigRow.name == draft.name))
    if draft.id is None:
        return named
    row = await _row(session, draft.id)
    if named is not None and named.id != row.id:
        raise CONFIG_NAME_TAKEN(name=draft.name)
    return row


def _refuse_without_keys(draft: ConfigDraft, row: OsseaConfigRow | None) -> None:
    """A new one needs both keys; another API key has another secret key."""
    needs_secret = row is None or draft.api_key not in ("", row.api_key)
    missing = [] if row is not None or draft.api_key else ["API key"]
    missing += ["secret key"] if needs_secret and not draft.secret_key else []
    if missing:
        raise CONFIG_INCOMPLETE(missing=", ".join(missing))


async def _is_any_active(session: AsyncSession) -> bool:
    return await session.scalar(select(OsseaConfigRow.id).where(OsseaConfigRow.is_active)) is not None


async def _row(session: AsyncSession, config_id: int) -> OsseaConfigRow:
    row = await session.get(OsseaConfigRow, config_id)
    if row is None:
        raise CONFIG_UNKNOWN(id=config_id)
    return row


async def _deactivate_all(session: AsyncSession) -> None:
    # Before the new one becomes active: at most one row may be, at any time.
    await session.execute(update(OsseaConfigRow).where(OsseaConfigRow.is_active).values(is_active=False))
