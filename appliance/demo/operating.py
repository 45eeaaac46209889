"""What an operator does at the two appliances, over their APIs: pairing, credentials, configuration, and following jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from appliance.contract.clouds import Discovery, Named, Resources, SaveConfig
from appliance.contract.credentials import NewCredential
from appliance.contract.errors import Fault
from appliance.contract.jobs import Job, Step
from appliance.contract.pairing import Join
from appliance.contract.replications import Cycle
from appliance.demo.faults import DemoFailed
from appliance.demo.labs import PRODUCTION
from appliance.demo.show import Bar, Show
from appliance.demo.sites import PORT, SOURCE_ADDRESS, TARGET_ADDRESS
from appliance.demo.stage import Stage

OVER = frozenset({"completed", "failed", "cancelled"})
LOOK_AGAIN = 0.25
TUNNEL_LIMIT = 30.0
USER = "administrator@vsphere.local"


class JobFailed(DemoFailed):
    """A job ended otherwise than completed; the text is what the operator reads."""


async def pair(stage: Stage) -> str:
    """The OMA shows a code, the VMA takes it; returns the code when the tunnel is up in both eyes. Raises Fault, TimeoutError."""
    shown = await stage.oma.peers.show_code()
    await stage.vma.joining.join(Join(address=TARGET_ADDRESS, port=PORT, code=shown.code))
    async with asyncio.timeout(TUNNEL_LIMIT):
        while not (await _connected(stage)):
            await asyncio.sleep(LOOK_AGAIN)
    return shown.code


async def _connected(stage: Stage) -> bool:
    peers = await stage.oma.peers.peers()
    tunnels = (await stage.vma.status.status()).tunnels
    return bool(peers and peers[0].connected and tunnels and tunnels[0].up)


async def add_credential(stage: Stage) -> int:
    """The vCenter with the fingerprint that its screen shows; returns the credential's id."""
    peer = (await stage.oma.peers.peers())[0]
    new = NewCredential(
        name="Lab vCenter",
        peer_id=peer.id,
        vcenter_host=SOURCE_ADDRESS,
        username=USER,
        password=SecretStr(stage.vcenter.password),
        fingerprint=stage.vcenter.fingerprint,
        is_default=True,
    )
    return (await stage.oma.credentials.create_credential(new)).id


async def configure_cloud(stage: Stage) -> tuple[Resources, int]:
    """The three steps: connect, discover by names, choose; returns what there was, and the configuration's id."""
    account = stage.cloud.account
    secret = SecretStr(account["secret_key"])
    connection = Discovery(address=account["url"], api_key=account["api_key"], secret_key=secret)
    found = await stage.oma.clouds.discover_resources(connection)
    chosen = SaveConfig(
        name="Lab CloudStack",
        address=account["url"],
        api_key=account["api_key"],
        secret_key=secret,
        domain=found.domains[0].id,
        zone=found.zones[0].id,
        template_id=named(found.templates, "Migration placeholder"),
        network_id=named(found.networks, PRODUCTION),
        service_offering_id=named(found.service_offerings, "Small"),
        disk_offering_id=named(found.disk_offerings, "Custom"),
        oma_vm_id=found.oma_vm_id or "",
    )
    return found, (await stage.oma.clouds.save_config(chosen)).id


def named(offered: Sequence[Named], name: str) -> str:
    """The id of the one with this name; raises DemoFailed."""
    for one in offered:
        if one.name == name:
            return one.id
    raise DemoFailed(f"Discovery offers no {name!r}, only {', '.join(one.name for one in offered)}.")


@dataclass
class Follower:
    """Shows the jobs of one VM while they run."""

    stage: Stage
    show: Show
    context_id: str
    look_again: float = LOOK_AGAIN
    """Seconds between two looks at a job."""
    _shown: set[tuple[str, str]] = field(default_factory=set)

    async def until_over(self, job_id: str) -> Job:
        """Follow a job to its end. Raises JobFailed."""
        while True:
            job = await self.stage.oma.jobs.job(job_id)
            self._show_parts(job)
            if job.status in OVER:
                break
            self.show.doing(job.current_operation or _current_title(job), await self._bars())
            await asyncio.sleep(self.look_again)
        if job.status != "completed":
            reason = f"{job.error.message} {job.error.guidance}" if job.error else "It was cancelled."
            raise JobFailed(f"{job.title}: {reason}")
        return job

    async def cycle(self, job_id: str) -> Cycle:
        """A cycle with its disks."""
        return await self.stage.oma.replications.cycle(job_id)

    async def newest_cycle_id(self) -> str:
        """The newest cycle of the VM; raises IndexError when there was none."""
        return (await self.stage.oma.jobs.jobs(vm=self.context_id, kind="replication", limit=1))[0].id

    def _show_parts(self, job: Job) -> None:
        for step in job.steps:
            if step.completed_at and step.started_at and (job.id, step.name) not in self._shown:
                self._shown.add((job.id, step.name))
                self.show.part(_words(step), (step.completed_at - step.started_at).total_seconds())

    async def _bars(self) -> list[Bar]:
        """The disks of the VM's newest cycle, while they are being copied."""
        newest = await self.stage.oma.jobs.jobs(vm=self.context_id, kind="replication", limit=1)
        if not newest or newest[0].status in OVER:
            return []
        try:
            disks = (await self.cycle(newest[0].id)).disks
        except Fault:
            return []  # its record is made a moment after the job's
        return [
            Bar(disk.label or disk.disk_id, disk.sync_progress_percent / 100, disk.moved_bytes, disk.rate_bps, disk.eta_seconds)
            for disk in disks
        ]


def _current_title(job: Job) -> str:
    return next((step.title for step in job.steps if step.status == "running"), job.title)


def _words(step: Step) -> str:
    return step.title if step.status == "completed" else f"{step.title} ({step.status.replace('_', ' ')})"
