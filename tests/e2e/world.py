"""Two appliances as processes, between the lab's two clouds."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from appliance.contract import clouds, credentials, failover, jobs, pairing, replications, status, storage
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.lab.cloudstack import ApplianceVm, CloudstackLab, LabConfig
from appliance.lab.vcenter.lab import VcenterLab
from appliance.lab.vcenter.plan import DiskPlan, Plan, VmPlan

MIB = 1 << 20
ENDED = ("completed", "failed", "cancelled")
PATIENCE = 300.0
"""Seconds that anything may take on a machine that other things run on."""


@dataclass
class Agent:
    """One agent process."""

    role: str
    config: Path
    socket: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None
    transport: Transport | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "appliance.agent", "--role", self.role, "--config", str(self.config)], stdout=log, stderr=log
            )
        if self.transport is None:
            self.transport = Transport(unix=str(self.socket), timeout=60)
        api = client(status.StatusApi, self.transport)

        async def up() -> bool | None:
            assert self.process is not None and self.process.poll() is None, f"the {self.role} ended: {self.log.read_text()[-3000:]}"
            return await _answers(api)

        await until(up, f"the {self.role} answers; its log: {self.log}")

    def kill(self) -> None:
        """As a power cut does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            await asyncio.to_thread(self.process.wait, 60)
        if self.transport is not None:
            await self.transport.close()


@dataclass
class World:
    """Everything, with the APIs at hand."""

    folder: Path
    run: Path
    vcenter: VcenterLab
    cloud: CloudstackLab
    oma: Agent
    vma: Agent
    door: int
    peer_id: str = ""
    credential_id: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.control = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.vcenter.control)))

    def api(self, kind: type) -> object:
        """A client of the OMA's operator API."""
        assert self.oma.transport is not None
        return client(kind, self.oma.transport)

    @property
    def replications(self) -> replications.ReplicationsApi:
        return self.api(replications.ReplicationsApi)  # type: ignore[return-value]

    @property
    def jobs(self) -> jobs.JobsApi:
        return self.api(jobs.JobsApi)  # type: ignore[return-value]

    @property
    def failover(self) -> failover.FailoverApi:
        return self.api(failover.FailoverApi)  # type: ignore[return-value]

    @property
    def storage(self) -> storage.StorageApi:
        return self.api(storage.StorageApi)  # type: ignore[return-value]

    @property
    def peers(self) -> pairing.PeersApi:
        return self.api(pairing.PeersApi)  # type: ignore[return-value]

    async def lab(self, method: str, path: str, body: object = None) -> object:
        """One request to the lab vCenter's control socket."""
        sent = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        async with self.control.request(method, f"http://lab{path}", **sent) as answer:  # type: ignore[arg-type]
            answer.raise_for_status()
            return await answer.json() if answer.content_type == "application/json" else await answer.read()

    async def write(self, vm: str, key: int, offset: int, data: bytes) -> None:
        """Write as the guest would."""
        for start in range(0, len(data), 64 * MIB):
            await self.lab("PUT", f"/vms/{vm}/disks/{key}/data?offset={offset + start}", data[start : start + 64 * MIB])

    async def protect(self, vm: str) -> tuple[str, str]:
        """Protect a VM of the lab; returns context id and job id."""
        request = replications.StartReplication(credential_id=self.credential_id, vm_path=f"/DC0/vm/{vm}")
        answer = await self.replications.replicate(request)
        assert answer.job_id is not None
        return answer.context_id, answer.job_id

    async def sync(self, context_id: str) -> str:
        """Start an increment; returns its job's id."""
        answer = await self.replications.replicate(replications.StartReplication(context_id=context_id))
        assert answer.job_id is not None
        return answer.job_id

    async def ended(self, job_id: str, limit: float = PATIENCE, wanted: str = "completed") -> jobs.Job:
        """The job once it has ended, in the wanted state."""
        job = await until(lambda: self._over(job_id), f"job {job_id} ends", limit)
        assert job.status == wanted, f"{job.status}: {job.error}\n{[(one.name, one.status) for one in job.steps]}"
        return job

    async def copied(self, job_id: str, at_least: int) -> None:
        """Wait until so many bytes of a cycle are flushed."""

        async def enough() -> bool | None:
            cycle = await self.replications.cycle(job_id)
            return True if cycle.bytes_transferred >= at_least else None

        await until(enough, f"{at_least} bytes are copied")

    async def _over(self, job_id: str) -> jobs.Job | None:
        try:
            job = await self.jobs.job(job_id, after=-1, wait=0)
        except Fault as error:
            if error.key != "peer.unreachable":
                raise
            return None
        return job if job.status in ENDED else None

    async def snapshots(self, vm: str) -> list[object]:
        """The snapshots that the vCenter has of a VM."""
        found = await self.lab("GET", f"/vms/{vm}/snapshots")
        assert isinstance(found, list)
        return found

    async def identical(self, vm: str, context_id: str) -> None:
        """Each disk of the VM and its volume hold the same bytes, as a program sees it that is not ours."""
        await self.lab("POST", f"/vms/{vm}/power", {"state": "off"})
        for volume in await self.storage.volumes():
            if volume.vm_context_id == context_id:
                source = await self.flat(vm, volume.disk_id)
                target = self.cloud.cloud.disks.volume(volume.volume_id)
                result = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "raw", source, target], capture_output=True, text=True)
                assert result.returncode == 0, f"{volume.disk_id}: {result.stdout}{result.stderr}"

    async def flat(self, vm: str, disk_id: str) -> Path:
        """The file of a source disk; the VM has no snapshot."""
        key = int(disk_id.removeprefix("disk-"))
        record = self.vcenter.estate.named(vm)
        assert record is not None
        return next(disk.path for disk in self.vcenter.estate.machines[record.moid].disks if disk.key == key)


async def until(ask, what: str, limit: float = PATIENCE):  # type: ignore[no-untyped-def]
    """The first answer that is not None; fails after `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        answer = await ask()
        if answer is not None:
            return answer
        assert time.monotonic() < deadline, f"waited {limit} s in vain until {what}"
        await asyncio.sleep(0.1)


async def _answers(api: status.StatusApi) -> bool | None:
    try:
        await api.health()
    except Fault:
        return None
    return True


def storage_vm(name: str, *sizes: int, tracking: bool = True) -> VmPlan:
    """A running VM without a guest."""
    return VmPlan(name=name, kind="storage", tracking=tracking, powered_on=True, disks=[DiskPlan(size=size) for size in sizes])


@asynccontextmanager
async def world(folder: Path, *vms: VmPlan, paired: bool = True, **plan: object) -> AsyncIterator[World]:
    """Labs and agents; paired and configured."""
    run = Path(tempfile.mkdtemp(prefix="apl-", dir="/dev/shm"))
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, run, ignore_errors=True)
        vcenter = await stack.enter_async_context(VcenterLab(folder / "vcenter", Plan(vms=list(vms), **plan)))  # type: ignore[arg-type]
        devices = folder / "devices"
        devices.mkdir()
        config = LabConfig(appliance_vms=[ApplianceVm(name="oma", devices_dir=devices)])
        cloud = await stack.enter_async_context(CloudstackLab(folder / "cloud", config))
        door = _free_port()
        oma, vma = _agent(folder, run, "oma", door, devices), _agent(folder, run, "vma", 0, devices)
        found = World(folder, run, vcenter, cloud, oma, vma, door)
        stack.push_async_callback(found.control.close)
        for agent in (oma, vma):
            stack.push_async_callback(agent.stop)
            await agent.start()
        if paired:
            await pair(found)
            await configure(found)
        yield found


async def pair(world: World) -> None:
    """Pair the two and wait for the tunnel."""
    assert world.vma.transport is not None
    code = (await world.peers.show_code()).code
    join = client(pairing.JoinApi, world.vma.transport)
    await join.join(pairing.Join(address="127.0.0.1", port=world.door, code=code))

    async def up() -> str | None:
        found = [peer.id for peer in await world.peers.peers() if peer.connected]
        return found[0] if found else None

    world.peer_id = await until(up, "the tunnel is up")


async def configure(world: World) -> None:
    """Credential and CloudStack configuration."""
    api: credentials.CredentialsApi = world.api(credentials.CredentialsApi)  # type: ignore[assignment]
    made = await api.create_credential(
        credentials.NewCredential.model_validate(
            {
                "name": "lab",
                "peer_id": world.peer_id,
                "vcenter_host": "127.0.0.1",
                "vcenter_port": world.vcenter.port,
                "username": world.vcenter.user,
                "password": world.vcenter.password,
                "fingerprint": fingerprint(world.vcenter.certificate),
                "is_default": True,
            }
        )
    )
    world.credential_id = made.id
    account = json.loads((world.folder / "cloud" / "account.json").read_text())
    world.names = {name: ident for key in ("network_ids", "appliance_vm_ids") for name, ident in account[key].items()}
    cloud: clouds.CloudsApi = world.api(clouds.CloudsApi)  # type: ignore[assignment]
    await cloud.save_config(
        clouds.SaveConfig.model_validate(
            {
                "name": "lab",
                "address": account["url"],
                "api_key": account["api_key"],
                "secret_key": account["secret_key"],
                "domain": account["domain_id"],
                "zone": account["zone_id"],
                "template_id": next(iter(account["template_ids"].values())),
                "network_id": account["network_ids"]["production"],
                "service_offering_id": next(iter(account["service_offering_ids"].values())),
                "disk_offering_id": account["disk_offering_ids"]["Custom"],
                "oma_vm_id": account["appliance_vm_ids"]["oma"],
            }
        )
    )


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a PEM certificate, as a person reads it."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, 64, 2))


def _agent(folder: Path, run: Path, role: str, door: int, devices: Path) -> Agent:
    lines = [
        f'role = "{role}"',
        f'name = "{role}1"',
        f'state_dir = "{folder / role}"',
        f'run_dir = "{run / role}"',
        "[machine]",
        "restart = []",
        "power_off = []",
        f'networkd_dir = "{folder / role}/networkd"',
        "[front_door]",
        'address = "127.0.0.1"',
        f"port = {door}",
        "[api]",
        "port = 0",
        "[storage]",
        f'devices_dir = "{devices}"',
        f"export_port = {_free_port()}",
        "device_wait_s = 20",
    ]
    config = folder / f"{role}.toml"
    config.write_text("\n".join(lines) + "\n")
    return Agent(role, config, run / role / "api.sock", folder / f"{role}.log")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def noise(size: int) -> bytes:
    """Bytes that can't be compressed."""
    return os.urandom(size)
