"""The lab cloud and this appliance's volumes, as these tests see them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from appliance.cloudstack._client import Pace
from appliance.cloudstack.configs import CloudConfig, Configs
from appliance.core.commands import Children
from appliance.core.store import Store
from appliance.lab.cloudstack import CloudstackLab, Fault
from appliance.volumes.facade import Settings, Volumes

GIB = 1024**3
NO_SUCH = "00000000-0000-4000-8000-000000000000"


@dataclass
class Site:
    """One appliance at one lab cloud; `restart` is what a new agent finds."""

    lab: CloudstackLab
    account: dict[str, Any]
    store: Store
    configs: Configs
    config: CloudConfig
    settings: Settings
    opened: list[Volumes] = field(default_factory=list)

    @property
    def oma(self) -> str:
        return self.config.oma_vm_id

    def restart(self, **settings: Any) -> Volumes:
        """A new agent's volumes over the same records."""
        made = Volumes(self.store, self.configs, Children(self.settings.run_dir / "children"), replace(self.settings, **settings))
        self.opened.append(made)
        return made

    def fail(self, kind: str, command: str = "", **more: Any) -> None:
        """Order a failure of the cloud."""
        self.lab.cloud.faults.add(Fault(kind=kind, command=command, **more))

    def commands(self, *names: str) -> list[str]:
        """The commands the cloud was sent, in order, without the asking; of these names only, where given."""
        sent = [str(line["command"]) for line in self.lab.cloud.log.read()]
        return [one for one in sent if (one in names if names else not one.startswith(("list", "query")))]

    def where(self, volume_id: str) -> str | None:
        """The machine CloudStack has the volume on."""
        return self.lab.cloud.world.volumes[volume_id].instance_id

    def file_of(self, volume_id: str) -> Path:
        """The volume's bytes."""
        return self.lab.cloud.disks.volume(volume_id)

    async def cut_off(self, command: str, work: Callable[[], Awaitable[object]], kind: str = "job_slow") -> None:
        """Cancel the work once the cloud has taken a command of it, whose job goes on for a second."""
        before = len(self.commands(command))
        self.fail(kind, command, seconds=1.0)
        task = asyncio.ensure_future(work())
        while len(self.commands(command)) == before:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(outcome, asyncio.CancelledError)

    def start_of(self, volume_id: str, count: int) -> bytes:
        """The volume's first bytes."""
        with self.file_of(volume_id).open("rb") as file:
            return file.read(count)

    async def disk(self, volumes: Volumes, number: int = 0, *, job_id: str = "job-1", context: str = "ctx-1", size: int = GIB) -> str:
        """A volume for a disk."""
        return await volumes.create_for_disk(job_id, context, f"disk-{2000 + number}", "web01", size, self.config)

    async def machine(self, job_id: str = "job-f") -> str:
        """A stopped machine in the cloud, made by the side."""
        from appliance.cloudstack.clouds import Clouds
        from appliance.cloudstack.instances import MachineOrder

        clouds, config = Clouds(self.store, FAST), self.config
        order = MachineOrder(job_id, "web01", config.zone, config.template_id, config.service_offering_id, (config.network_id,))
        vm_id = await clouds.instances(config).deploy(order)
        await clouds.close()
        return vm_id


FAST = Pace(first=0.01, most=0.05)


async def cancelled_after(seconds: float, work: Callable[[], Awaitable[object]]) -> bool:
    """Cancel the work after a while, as a killed agent leaves it; returns whether it had not ended by itself."""
    task = asyncio.ensure_future(work())
    await asyncio.sleep(seconds)
    task.cancel()
    [outcome] = await asyncio.gather(task, return_exceptions=True)
    return isinstance(outcome, asyncio.CancelledError)
