"""CloudStack configurations: their records, and which one a job gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.addresses import api_url
from appliance.cloudstack.faults import CONFIG_INACTIVE, CONFIG_INCOMPLETE, CONFIG_NONE_ACTIVE, CONFIG_UNKNOWN
from appliance.cloudstack.models import OsseaConfigRow
from appliance.core.rotation import SealedColumn
from appliance.core.store import Store, utcnow
from appliance.core.vault import Vault

SEALED = SealedColumn(OsseaConfigRow, "secret_key", "CloudStack configuration")
_CHOSEN = ("domain", "zone", "template_id", "network_id", "service_offering_id", "disk_offering_id", "oma_vm_id")
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
    """What an operator saves. An empty `secret_key` keeps the stored one of the configuration with this name."""

    name: str
    address: str
    api_key: str
    secret_key: str = field(default="", repr=False)
    domain: str = ""
    zone: str = ""
    template_id: str = ""
    network_id: str = ""
    service_offering_id: str = ""
    disk_offering_id: str = ""
    oma_vm_id: str = ""
    is_active: bool = True


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
        """Store a configuration; saving one of the same name again updates it. An active one replaces the active one."""
        url = api_url(draft.address)
        async with self._store.begin() as session:
            row = await session.scalar(select(OsseaConfigRow).where(OsseaConfigRow.name == draft.name))
            if draft.is_active:
                await _deactivate_all(session)
            if row is None:
                _refuse_without_keys(draft)
                row = OsseaConfigRow(name=draft.name, secret_key="")
                session.add(row)
            row.api_url, row.api_key, row.is_active, row.updated_at = url, draft.api_key, draft.is_active, utcnow()
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

    async def delete(self, config_id: int) -> None:
        """Remove a configuration. Raises a Fault when there is none."""
        async with self._store.begin() as session:
            await session.delete(await _row(session, config_id))

    def _opened(self, row: OsseaConfigRow) -> CloudConfig:
        config = CloudConfig(row.id, row.name, row.api_url, row.api_key, self._vault.open(row.secret_key, SEALED.bound_to(row.id)))
        return replace(config, is_active=row.is_active, **{name: getattr(row, name) for name in _CHOSEN})


def _refuse_without_keys(draft: ConfigDraft) -> None:
    missing = [words for words, value in (("API key", draft.api_key), ("secret key", draft.secret_key)) if not value]
    if missing:
        raise CONFIG_INCOMPLETE(missing=", ".join(missing))


async def _row(session: AsyncSession, config_id: int) -> OsseaConfigRow:
    row = await session.get(OsseaConfigRow, config_id)
    if row is None:
        raise CONFIG_UNKNOWN(id=config_id)
    return row


async def _deactivate_all(session: AsyncSession) -> None:
    # Before the new one becomes active: at most one row may be, at any time.
    await session.execute(update(OsseaConfigRow).where(OsseaConfigRow.is_active).values(is_active=False))
