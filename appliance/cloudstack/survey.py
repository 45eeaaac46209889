"""What a CloudStack says about everything that a configuration refers to and its account may use."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from appliance.cloudstack._client import ComputeCalls, Param
from appliance.cloudstack.answers import Row, flag, number, rows, text
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.discovery import Discovery, Identity
from appliance.cloudstack.faults import KEYS_REFUSED, NOT_THERE, OWN_VM_UNKNOWN, REFUSED
from appliance.contract.errors import Fault

GIB = 1024**3
UNLIMITED = math.inf
_MAY_NOT_ASK = (KEYS_REFUSED, REFUSED, NOT_THERE)
_ALLOCATED_PRIMARY_STORAGE = 3  # Capacity.CAPACITY_TYPE_STORAGE_ALLOCATED
# Resource.ResourceType of listResourceLimits, and how listAccounts names the same thing; storage in GiB.
RESOURCES = {"machines": ("0", "vm"), "volumes": ("2", "volume"), "snapshots": ("3", "snapshot")}
RESOURCES |= {"primary storage": ("10", "primarystorage"), "secondary storage": ("11", "secondarystorage")}


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

    `left` is what remains of each resource (UNLIMITED where there is no limit); a reference that is empty or names nothing is missing
    from `found`. `own_vm` is the machine that this appliance really is.
    """

    version: str = ""
    largest_disk_gib: int | None = None
    commands: frozenset[str] | None = None
    found: dict[str, Row] = field(default_factory=dict)
    own_vm: str | None = None
    left: dict[str, float] = field(default_factory=dict)
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
        capability = (await self._calls.ask("listCapabilities")).get("capability")
        capability = capability if isinstance(capability, dict) else {}
        commands, found, own, left = await asyncio.gather(self._commands(), self._found(), self._own_vm(identity), self._left())
        data_volumes, to_secondary, pools, room = await asyncio.gather(
            self._data_volumes(), self._to_secondary(), self._pools(), self._zone_room()
        )
        return Facts(
            version=text(capability, "cloudstackversion"),
            largest_disk_gib=number(capability, "customdiskofferingmaxsize"),
            commands=commands,
            found=found,
            own_vm=own,
            left=left,
            data_volumes=data_volumes,
            to_secondary=to_secondary,
            pools=pools,
            zone_gib=room[0] if room else None,
            zone_used_gib=room[1] if room else None,
        )

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

    async def _left(self) -> dict[str, float]:
        limits, accounts = await asyncio.gather(self._rows("listResourceLimits"), self._rows("listAccounts"))
        limit_of = {text(row, "resourcetype"): number(row, "max") for row in limits or []}
        account = _own_account(accounts or [], self._config.api_key)
        left = {what: _left(limit_of.get(kind), account, noun) for what, (kind, noun) in RESOURCES.items()}
        return {what: value for what, value in left.items() if value is not None}

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


def _own_account(accounts: list[Row], api_key: str) -> Row:
    """The account whose keys these are; an administrator may be shown several."""
    if len(accounts) == 1:
        return accounts[0]
    return next((one for one in accounts if any(text(user, "apikey") == api_key for user in rows(one, "user"))), {})


def _left(limit: int | None, account: Row, noun: str) -> float | None:
    """What is left of one resource; None when neither limits nor use are told."""
    available = text(account, f"{noun}available")
    if available == "Unlimited" or (limit is not None and limit < 0):
        return UNLIMITED
    for words in (available, _difference(limit, text(account, f"{noun}total"))):
        try:
            return max(0.0, float(words))
        except ValueError:
            continue
    return None


def _difference(limit: int | None, total: str) -> str:
    return "" if limit is None or not total else str(limit - math.ceil(float(total)))
