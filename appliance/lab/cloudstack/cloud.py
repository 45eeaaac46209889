"""The lab cloud as a whole: its rows, bytes, devices, guests, jobs and ordered faults."""

import asyncio
import logging
import secrets
from pathlib import Path

from .config import ApplianceVm, DiskOffering, LabConfig, Network, ServiceOffering, Template
from .devices import Devices
from .disks import Disks
from .errors import exceeded
from .faults import Faults, Kind
from .hotplug import HotPlug
from .hypervisor import Hypervisor
from .jobs import Jobs
from .plugging import DeviceFailed, Plugging
from .records import Instance, Nic, Snapshot, Volume, World, fixed_id
from .request_log import RequestLog

log = logging.getLogger("lab.cloudstack")
DEVICE_KINDS: tuple[Kind, ...] = ("device_never", "device_late")


class Cloud:
    """Everything the commands work on. `open()` brings it to life, `close()` leaves no process, link or loop device."""

    def __init__(self, folder: Path, config: LabConfig) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = config
        self.settings = config.settings.model_copy(deep=True)
        self._state_file = folder / "state.json"
        self.world = self._load()
        self.faults = Faults()
        self.disks = Disks(folder.resolve())
        self.devices = self._plugging()
        self.hypervisor = Hypervisor(folder.resolve() / "machines", self.disks, self.guest_is_off)
        self.jobs = Jobs(self.world.jobs, self.faults, self.save)
        self.log = RequestLog(folder / "requests.jsonl")
        self._appearing: dict[str, asyncio.Task[None]] = {}

    @property
    def zone_id(self) -> str:
        """The one zone."""
        return fixed_id("zone", self.config.zone)

    @property
    def domain_id(self) -> str:
        """The one domain."""
        return fixed_id("domain", self.config.domain)

    @property
    def service_offerings(self) -> dict[str, ServiceOffering]:
        """Service offerings by id."""
        return {fixed_id("service-offering", each.name): each for each in self.config.service_offerings}

    @property
    def disk_offerings(self) -> dict[str, DiskOffering]:
        """Disk offerings by id."""
        return {fixed_id("disk-offering", each.name): each for each in self.config.disk_offerings}

    @property
    def templates(self) -> dict[str, Template]:
        """Templates by id."""
        return {fixed_id("template", each.name): each for each in self.config.templates}

    @property
    def networks(self) -> dict[str, Network]:
        """Networks by id."""
        return {fixed_id("network", each.name): each for each in self.config.networks}

    def is_denied(self, command: str) -> bool:
        """Whether the account was ordered to have no right to a command."""
        return command.lower() in {each.lower() for each in self.settings.denied}

    def save(self) -> None:
        """Write the rows down."""
        self.world.save(self._state_file)

    async def open(self) -> None:
        """Heal what a killed run left, then plug what is attached to running appliance VMs."""
        self._settle()
        self.disks.sweep()
        wanted = {volume.id: vm for volume in self.world.volumes.values() if (vm := self.appliance_vm(volume.instance_id))}
        await self.devices.heal(set(wanted))
        for volume_id, vm in wanted.items():
            await self.devices.plug(volume_id, vm)
        self.save()

    async def close(self) -> None:
        """End jobs, guests and devices."""
        await self.jobs.close()
        self.disks.close()
        for task in self._appearing.values():
            task.cancel()
        await asyncio.gather(*self._appearing.values(), return_exceptions=True)
        await self.hypervisor.close()
        await self.devices.close()
        self.save()

    def appliance_vm(self, instance_id: str | None) -> ApplianceVm | None:
        """The running appliance VM of this id; None for every other VM."""
        instance = self.world.instances.get(instance_id or "")
        if instance is None or instance.kind != "appliance" or instance.state != "Running":
            return None
        return next((each for each in self.config.appliance_vms if _appliance_id(each) == instance.id), None)

    def appear(self, volume: Volume) -> None:
        """Plug a volume into its running appliance VM, as late as is set or ordered."""
        vm = self.appliance_vm(volume.instance_id)
        fault = self.faults.take(DEVICE_KINDS, "attachVolume", {"id": volume.id, "name": volume.name}) if vm else None
        if vm is None or (fault and fault.kind == "device_never"):
            return
        seconds = fault.seconds if fault else self.settings.device_seconds
        self._appearing[volume.id] = asyncio.create_task(self._appear_later(volume.id, vm, seconds))

    async def disappear(self, volume: Volume) -> None:
        """Unplug a volume, also one that was still on its way."""
        task = self._appearing.pop(volume.id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.devices.unplug(volume.id)

    def guest_is_off(self, instance_id: str) -> None:
        """A guest has switched itself off."""
        instance = self.world.instances.get(instance_id)
        if instance is not None and instance.state == "Running":
            instance.state = "Stopped"
            self.save()

    def check_room(self, volumes: int = 0, new_bytes: int = 0, snapshots: int = 0, instances: int = 0) -> None:
        """Refuse what would exceed a quota of the account or of its domain (535)."""
        world = self.world
        stored = sum(volume.size for volume in world.volumes.values()) + new_bytes
        for limits in (self.settings.limits, self.settings.domain_limits):
            asked = (
                ("volume", limits.volume, len(world.volumes) + volumes, volumes),
                ("primary_storage", limits.primary_storage_gib * 1024**3, stored, new_bytes),
                ("snapshot", limits.snapshot, len(world.snapshots) + snapshots, snapshots),
                ("user_vm", limits.instance, len(world.instances) + instances, instances),
            )
            for resource, limit, total, more in asked:
                if limit >= 0 and more > 0 and total > limit:
                    raise exceeded(resource, self.config.account)

    async def _appear_later(self, volume_id: str, vm: ApplianceVm, seconds: float) -> None:
        """Wait, then plug."""
        await asyncio.sleep(seconds)
        try:
            await self.devices.plug(volume_id, vm)
        except DeviceFailed:
            log.exception("volume %s does not appear", volume_id)

    def _load(self) -> World:
        """The rows of the earlier run, or a new world."""
        if self._state_file.exists():
            return World.load(self._state_file)
        return World(
            api_key=self.config.api_key or secrets.token_urlsafe(48),
            secret_key=self.config.secret_key or secrets.token_urlsafe(48),
        )

    def _settle(self) -> None:
        """Bring rows that a stop of the lab left in between to rest, and add the configured appliance VMs."""
        self.jobs.fail_unfinished()
        for instance in self.world.instances.values():
            if instance.kind == "guest" and instance.state in ("Starting", "Running", "Stopping"):
                instance.state = "Stopped"
        for volume in self.world.volumes.values():
            if volume.state not in ("Allocated", "Ready"):
                volume.state = "Ready"
        unfinished: list[Snapshot] = [each for each in self.world.snapshots.values() if each.state != "BackedUp"]
        for snapshot in unfinished:
            del self.world.snapshots[snapshot.id]
        for each in self.config.appliance_vms:
            if _appliance_id(each) not in self.world.instances:
                self._add_appliance(each)

    def _add_appliance(self, each: ApplianceVm) -> None:
        """The row of a VM that runs elsewhere."""
        number = self.world.next_number()
        network_id = next(iter(self.networks))
        nic = Nic(mac=each.mac, network_id=network_id, address=self.address(network_id, number))
        instance = Instance(
            id=_appliance_id(each),
            number=number,
            name=each.name,
            display_name=each.name,
            kind="appliance",
            state="Running",
            service_offering_id=next(iter(self.service_offerings)),
            nics=[nic],
        )
        self.world.instances[instance.id] = instance

    def address(self, network_id: str, number: int) -> str:
        """A free address of a network."""
        return f"{self.networks[network_id].cidr.rsplit('.', 1)[0]}.{number % 200 + 20}"

    def _plugging(self) -> Plugging:
        """How volumes become devices of the appliance VMs."""
        kind, vms = self.config.devices, self.config.appliance_vms
        return HotPlug(self.disks, vms) if kind == "hotplug" else Devices(kind, self.disks, vms, self.folder.resolve() / "devices")


def _appliance_id(each: ApplianceVm) -> str:
    """The instance id of a configured appliance VM."""
    return each.id or fixed_id("instance", each.name)
