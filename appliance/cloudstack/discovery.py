"""What there is to choose from in a CloudStack: zones, domains, templates, offerings, networks, and this appliance itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from appliance.cloudstack._client import ComputeCalls
from appliance.cloudstack.answers import Row, flag, number, rows, text
from appliance.cloudstack.faults import KEYS_REFUSED, OWN_VM_UNKNOWN, REFUSED
from appliance.contract.errors import Fault


@dataclass(frozen=True)
class Resource:
    """One thing to choose: its CloudStack id, its name, and what tells it from others of that name."""

    id: str
    name: str
    detail: str = ""
    custom: bool = False


@dataclass(frozen=True)
class Resources:
    """All there is to choose from."""

    zones: list[Resource]
    domains: list[Resource]
    templates: list[Resource]
    service_offerings: list[Resource]
    disk_offerings: list[Resource]
    networks: list[Resource]


@dataclass(frozen=True)
class Identity:
    """How this machine knows itself: its firmware's UUID and the hardware addresses of its network cards."""

    uuid: str
    macs: tuple[str, ...]


class Discovery:
    """Asks one CloudStack what it offers."""

    def __init__(self, calls: ComputeCalls) -> None:
        self._calls = calls

    async def version(self) -> str:
        """Test the connection: CloudStack's version, from listCapabilities. Raises a Fault that says what is wrong."""
        answer = await self._calls.ask("listCapabilities")
        capability = answer.get("capability")
        return text(capability, "cloudstackversion") if isinstance(capability, dict) else ""

    async def resources(self, zone_id: str = "") -> Resources:
        """Everything to choose from; templates, offerings and networks only of the zone, where one is given."""
        zone = {"zoneid": zone_id} if zone_id else {}
        zones, domains, templates, services, disks, networks = await asyncio.gather(
            self._calls.list("listZones", available=True),
            self._domains(),
            self._calls.list("listTemplates", templatefilter="executable", **zone),
            self._calls.list("listServiceOfferings"),
            self._calls.list("listDiskOfferings"),
            self._calls.list("listNetworks", listall=True, **zone),
        )
        return Resources(
            zones=[_resource(row, text(row, "networktype")) for row in zones],
            domains=[_resource(row, text(row, "path")) for row in domains],
            templates=[_resource(row, text(row, "ostypename") or text(row, "hypervisor")) for row in templates],
            service_offerings=[_resource(row, _machine_size(row), custom=flag(row, "iscustomized")) for row in services],
            disk_offerings=[_resource(row, _disk_size(row), custom=flag(row, "iscustomized")) for row in disks],
            networks=[_network(row) for row in networks],
        )

    async def networks(self, zone_id: str = "") -> list[Resource]:
        """The networks only; of the zone, where one is given."""
        zone = {"zoneid": zone_id} if zone_id else {}
        found = await self._calls.list("listNetworks", listall=True, **zone)
        return [_network(row) for row in found]

    async def _domains(self) -> list[Row]:
        """None where the account may not ask: then its own one is used."""
        try:
            return await self._calls.list("listDomains", listall=True)
        except Fault as error:
            if error.spec not in (KEYS_REFUSED, REFUSED):
                raise
            return []

    async def own_vm_id(self, identity: Identity) -> str:
        """CloudStack's id of the machine this appliance is, by its UUID, else by a hardware address. Raises a Fault."""
        if identity.uuid:
            found = await self._calls.list("listVirtualMachines", id=identity.uuid.lower(), listall=True)
            if found:
                return text(found[0], "id")
        machines = await self._calls.list("listVirtualMachines", listall=True)
        own = {mac.lower() for mac in identity.macs}
        for machine in machines:
            if own & {text(nic, "macaddress").lower() for nic in rows(machine, "nic")}:
                return text(machine, "id")
        raise OWN_VM_UNKNOWN(cause=f"{len(machines)} machines looked at")


def read_identity(system: Path = Path("/sys")) -> Identity:
    """This machine's own UUID and hardware addresses, as the kernel tells them; blocks briefly."""
    try:
        uuid = (system / "class/dmi/id/product_uuid").read_text().strip()
    except OSError:
        uuid = ""
    macs = [path.read_text().strip() for path in sorted((system / "class/net").glob("*/address"))]
    return Identity(uuid, tuple(mac for mac in macs if mac and mac != "00:00:00:00:00:00"))


def _resource(row: Row, detail: str, *, custom: bool = False) -> Resource:
    return Resource(text(row, "id"), text(row, "displaytext") or text(row, "name"), detail, custom)


def _network(row: Row) -> Resource:
    return _resource(row, text(row, "cidr") or text(row, "type"))


def _machine_size(row: Row) -> str:
    if flag(row, "iscustomized"):
        return "any size"
    return f"{number(row, 'cpunumber') or 0} CPU, {number(row, 'memory') or 0} MiB"


def _disk_size(row: Row) -> str:
    return "any size" if flag(row, "iscustomized") else f"{number(row, 'disksize') or 0} GiB"
