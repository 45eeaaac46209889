"""What a CloudStack says about everything that a configuration refers to and its account may use."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from appliance.cloudstack._client import ComputeCalls, Param
from appliance.cloudstack.answers import Row, flag, number, rows, text
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.discovery import Discovery, Identity
from appliance.cloudstack.faults import KEYS_REFUSED, NOT_THERE, OWN_VM_UNKNOWN, REFUSED
from appliance.cloudstack.quotas import DomainQuota, account_left, domain_quota, own_account
from appliance.contract.errors import Fault

GIB = 1024**3
_MAY_NOT_ASK = (KEYS_REFUSED, REFUSED, NOT_THERE)
_ALLOCATED_PRIMARY_STORAGE = 3  # Capacity.CAPACITY_TYPE_STORAGE_ALLOCATED
_DEEPEST = 16
"""Domains above each other that are looked at."""


@dataclass(frozen=True)
class Pool:
    """One primary storage; `type` is CloudStack's word, `managed` one that makes each volume on an array of its own."""

    name: str
    type: str
    state: str
    managed: bool
    tags: frozenset[str]


@dataclass(frozen=True)
class Facts:
    """What was found; None is what this account may not ask.

    `left` is what remains of each resource to the account (UNLIMITED where there is no limit), `domains` to those above it; a reference
    that is empty or names nothing is missing from `found`. `own_vm` is the machine that this appliance really is.
    """

    version: str = ""
    largest_disk_gib: int | None = None
    commands: frozenset[str] | None = None
    found: dict[str, Row] = field(default_factory=dict)
    own_vm: str | None = None
    left: dict[str, float] = field(default_factory=dict)
    domains: tuple[DomainQuota, ...] = ()
    data_volumes: int | None = None
    to_secondary: bool | None = None
    pools: tuple[Pool, ...] | None = None
    zone_gib: int | None = None
    zone_used_gib: int | None = None


class Survey:
    """Looks at one CloudStack; it only asks, and changes nothing."""

    def __init__(self, calls: ComputeCalls, config: CloudConfig) -> None:
        self._calls, self._config = calls, config

    async def facts(self, identity: Identity) -> Facts:
        """Everything at once. Raises a Fault when CloudStack does not answer or refuses the keys."""
        room = await self.room()
        commands, found, own, pools = await asyncio.gather(self._commands(), self._found(), self._own_vm(identity), self._pools())
        return replace(room, commands=commands, found=found, own_vm=own, pools=pools)

    async def room(self) -> Facts:
        """Only what says whether something fits. Raises a Fault when CloudStack does not answer or refuses the keys."""
        capability = (await self._calls.ask("listCapabilities")).get("capability")
        capability = capability if isinstance(capability, dict) else {}
        (left, domains), data_volumes, to_secondary, zone = await asyncio.gather(
            self._quotas(), self._data_volumes(), self._to_secondary(), self._zone_room()
        )
        return Facts(
            version=text(capability, "cloudstackversion"),
            largest_disk_gib=number(capability, "customdiskofferingmaxsize"),
            left=left,
            domains=domains,
            data_volumes=data_volumes,
            to_secondary=to_secondary,
            zone_gib=zone[0] if zone else None,
            zone_used_gib=zone[1] if zone else None,
        )

    async def networks(self, ids: Collection[str]) -> dict[str, Row]:
        """The networks of these ids that there are. Raises a Fault when CloudStack does not answer."""
        wanted = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*(self._rows("listNetworks", id=one, listall=True) for one in wanted))
        return {one: answer[0] for one, answer in zip(wanted, answers, strict=True) if answer}

    async def _rows(self, command: str, **params: Param) -> list[Row] | None:
        """A list; None when the account may not ask."""
        try:
            return await self._calls.list(command, **params)
        except Fault as error:
            if error.spec not in _MAY_NOT_ASK:
                raise
            return None

    async def _commands(self) -> frozenset[str] | None:
        try:
            # In one answer: this command knows no pages.
            answer = await self._calls.ask("listApis")
        except Fault as error:
            if error.spec not in _MAY_NOT_ASK:
                raise
            return None
        return frozenset(text(row, "name").lower() for row in rows(answer, "api"))

    async def _found(self) -> dict[str, Row]:
        """Each thing that the configuration refers to, by the configuration's name for it."""
        one, zone = self._config, {"zoneid": self._config.zone} if self._config.zone else {}
        asked: dict[str, tuple[str, str, dict[str, Param]]] = {
            "zone": ("listZones", one.zone, {}),
            "domain": ("listDomains", one.domain, {"listall": True}),
            "template_id": ("listTemplates", one.template_id, {"templatefilter": "executable", **zone}),
            "network_id": ("listNetworks", one.network_id, {"listall": True}),
            "service_offering_id": ("listServiceOfferings", one.service_offering_id, {}),
            "disk_offering_id": ("listDiskOfferings", one.disk_offering_id, {}),
            "oma_vm_id": ("listVirtualMachines", one.oma_vm_id, {"listall": True}),
        }
        chosen = {name: what for name, what in asked.items() if what[1]}
        answers = await asyncio.gather(*(self._rows(command, id=id_, **more) for command, id_, more in chosen.values()))
        return {name: answer[0] for name, answer in zip(chosen, answers, strict=True) if answer}

    async def _own_vm(self, identity: Identity) -> str | None:
        try:
            return await Discovery(self._calls).own_vm_id(identity)
        except Fault as error:
            if error.spec not in (OWN_VM_UNKNOWN, *_MAY_NOT_ASK):
                raise
            return None

    async def _quotas(self) -> tuple[dict[str, float], tuple[DomainQuota, ...]]:
        limits, accounts = await asyncio.gather(self._rows("listResourceLimits"), self._rows("listAccounts"))
        account = own_account(accounts or [], self._config.api_key)
        return account_left(limits or [], account), await self._domains(text(account, "domainid"))

    async def _domains(self, domain_id: str) -> tuple[DomainQuota, ...]:
        """The account's domain and those above it, as far as they are shown: the limits of each count."""
        seen: dict[str, DomainQuota] = {}
        while domain_id and domain_id not in seen and len(seen) < _DEEPEST:
            found = await self._rows("listDomains", id=domain_id, listall=True)
            if not found:
                break
            seen[domain_id] = domain_quota(found[0])
            domain_id = text(found[0], "parentdomainid")
        return tuple(seen.values())

    async def _data_volumes(self) -> int | None:
        found = await self._rows("listHypervisorCapabilities", hypervisor="KVM")
        return min((limit for row in found or [] if (limit := number(row, "maxdatavolumeslimit"))), default=None)

    async def _to_secondary(self) -> bool | None:
        found = await self._rows("listConfigurations", name="snapshot.backup.to.secondary")
        return flag(found[0], "value") if found else None

    async def _pools(self) -> tuple[Pool, ...] | None:
        found = await self._rows("listStoragePools", zoneid=self._config.zone) if self._config.zone else None
        return None if found is None else tuple(_pool(row) for row in found)

    async def _zone_room(self) -> tuple[int, int] | None:
        if not self._config.zone:
            return None
        found = await self._rows("listCapacity", type=_ALLOCATED_PRIMARY_STORAGE, zoneid=self._config.zone)
        if not found:
            return None
        total, used = (sum(number(row, key) or 0 for row in found) // GIB for key in ("capacitytotal", "capacityused"))
        return total, used


def tags_of(row: Row) -> frozenset[str]:
    """Storage tags, which CloudStack writes with commas."""
    return frozenset(part.strip() for part in text(row, "tags").split(",") if part.strip())


def _pool(row: Row) -> Pool:
    return Pool(text(row, "name"), text(row, "type"), text(row, "state"), flag(row, "managed"), tags_of(row))
