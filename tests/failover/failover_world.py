"""A VM with a complete copy in a lab cloud, its source, and an agent's worth of parts that can be restarted."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from failover_source import DISKS, Site, SourceVm, source_vm
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack._client import Pace as CloudPace
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig, Configs
from appliance.cloudstack.tracking import Purpose
from appliance.contexts import VmContext, VmEvent, VmState, records
from appliance.contract.client import UNREACHABLE
from appliance.contract.failover import StartLive, StartTest
from appliance.core.commands import Children
from appliance.core.jobs import Job, JobStatus, Run, Runner, Step, Workflow
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.failover import requests
from appliance.failover.deps import FailoverDeps, Pace
from appliance.failover.drivers import Drivers
from appliance.failover.models import FailoverJobRow
from appliance.failover.preparation import Preparer
from appliance.failover.workflows import workflows
from appliance.failover.workplace import Workplace
from appliance.lab.cloudstack import CloudstackLab
from appliance.replication.records import restore_point
from appliance.volumes.facade import Settings, Volumes

FAST = CloudPace(first=0.01, most=0.05)
CONTEXT = "ctx-web"
LOOKING = ("list", "query")
INSTALLED = "echo 'virt-v2v-in-place: This guest has virtio drivers installed.'"
"""What the program says of a guest that it has prepared, in a shell's words."""


class WriteMore(Step):
    """What a last cycle does: bytes change, and the consistent point moves with them."""

    name, title = "data", "Copying"

    def __init__(self, world: World) -> None:
        self.world = world

    async def do(self, run: Run) -> None:
        world = self.world
        assert world.source.spec.power_state == "poweredOff"
        if world.cycle_hangs:
            await asyncio.Event().wait()
        if world.silent_after_cycle:
            world.source.silent = 1000
        if world.cycle_fails:
            raise UNREACHABLE(cause="the cycle")
        paths = await world.deps.volumes.acquire(run.id, world.volume_ids)
        for path in paths.values():
            write(path, 1 << 20, b"last changes")
        await world.deps.volumes.release(run.id)
        if world.cycle_is_kept:
            world.keep_bytes()
        async with world.store.begin() as session:
            context = await records.by_id(session, CONTEXT)
            context.consistent_point = point(run.id, "52/2", world.disks)
            context.last_successful_job_id = run.id
        if world.source_runs_after_cycle:
            world.source.switch("poweredOn")


class Cycle(Workflow):
    """The stand-in for a replication inside a failover's hold."""

    kind = "replication"

    def __init__(self, world: World) -> None:
        super().__init__([WriteMore(world)])

    async def claim(self, session: AsyncSession, job: Job) -> None:
        context = await records.by_id(session, CONTEXT)
        assert context.current_job_id == job.params["parent_job_id"]
        records.advance(context, VmEvent.CYCLE_STARTS)

    async def settle(self, session: AsyncSession, job: Job) -> None:
        done = job.status == JobStatus.COMPLETED
        records.advance(await records.by_id(session, CONTEXT), VmEvent.CYCLE_COMMITTED if done else VmEvent.CYCLE_STOPPED_UNTOUCHED)


@dataclass
class World:
    """Everything a test looks at."""

    store: Store
    lab: CloudstackLab
    configs: Configs
    config: CloudConfig
    folder: Path
    program: str
    networks: dict[str, str]
    disks: Sequence[str] = DISKS
    source: SourceVm = field(default_factory=SourceVm)
    volume_ids: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    ended: list[list[str]] = field(default_factory=list)
    preparation_seconds: float = 60.0
    cycle_fails: bool = False
    cycle_hangs: bool = False
    cycle_is_kept: bool = False
    silent_after_cycle: bool = False
    source_runs_after_cycle: bool = False
    deps: FailoverDeps = field(init=False)

    def __post_init__(self) -> None:
        self.source.spec = source_vm(disks=[one for one in self.source.spec.disks if one.disk_id in self.disks])

    async def open(self) -> None:
        """An agent's start."""
        runner, children = Runner(self.store), Children(self.folder / "children")
        workplace = Workplace(self.folder / "preparation", children)
        settings = Settings(
            state_dir=self.folder / "state",
            run_dir=self.folder / "run",
            devices_dir=self.lab.cloud.folder.resolve() / "devices",
            device_wait_s=30,
            request_timeout_s=30,
            pace=FAST,
        )
        self.deps = FailoverDeps(
            store=self.store,
            runner=runner,
            volumes=Volumes(self.store, self.configs, children, settings),
            clouds=Clouds(self.store, FAST, timeout=30),
            configs=self.configs,
            source=Site(self.source),
            end_sessions=self._end_sessions,
            restore_point=restore_point,
            preparer=Preparer(children, workplace, Drivers(self.folder / "drivers"), self.program, self.preparation_seconds),
            pace=Pace(retry_seconds=0.02, undo_tries=3),
        )
        for one in (*workflows(self.deps), Cycle(self)):
            runner.register(one)

    async def close(self) -> None:
        """An agent's end: jobs stay as they are recorded."""
        await self.deps.runner.close()
        await self.deps.clouds.close()
        await self.deps.volumes.close()

    async def restart(self) -> list[str]:
        """A crash and a new agent; returns the jobs it takes up."""
        await self.close()
        await self.open()
        return await self.deps.runner.recover()

    async def protect(self) -> None:
        """The VM under management, and its copy with known bytes."""
        self.volume_ids = await self._copied(CONTEXT, "web", "vm-1")
        self.keep_bytes()

    async def another(self, context_id: str) -> str:
        """One more VM with a complete copy; its id."""
        self.others += await self._copied(context_id, context_id, context_id)
        self.keep_bytes()
        return context_id

    async def _copied(self, context_id: str, name: str, moref: str) -> list[str]:
        context = VmContext(
            context_id=context_id,
            peer_id="vma-1",
            vm_name=name,
            vmware_vm_id=moref,
            vm_path=f"/dc/vm/{name}",
            vcenter_host="vc",
            datacenter="dc",
            current_status=VmState.READY,
            last_successful_job_id="job-first",
            consistent_point=point("job-first", "52/1", self.disks),
            ossea_config_id=self.config.id,
            specification=self.source.spec.model_dump(mode="json"),
        )
        async with self.store.begin() as session:
            session.add(context)
        volumes = self.deps.volumes
        made = [await volumes.create_for_disk("job-first", context_id, disk, name, 1 << 20, self.config) for disk in self.disks]
        for number, path in enumerate((await volumes.acquire("job-first", made)).values()):
            write(path, 65536 * (number + 1), b"copied from the source")
        await volumes.release("job-first")
        return made

    def file(self, volume_id: str) -> Path:
        """Where the lab keeps the bytes of a volume."""
        return self.lab.cloud.disks.volume(volume_id)

    def keep_bytes(self) -> None:
        """Remember what the copies hold now."""
        for one in (*self.volume_ids, *self.others):
            subprocess.run(["cp", "--sparse=always", self.file(one), self.folder / f"{one}.kept"], check=True)

    def bytes_are_back(self) -> bool:
        """Whether the copies hold what was remembered."""
        compare = ["qemu-img", "compare", "-f", "raw", "-F", "raw"]
        return all(
            subprocess.run([*compare, self.file(one), self.folder / f"{one}.kept"], check=False).returncode == 0
            for one in (*self.volume_ids, *self.others)
        )

    def guest_writes(self) -> None:
        """The new machine changes its disks."""
        for one in self.volume_ids:
            write(self.file(one), 4096, b"written by the new machine")

    async def context(self) -> VmContext:
        async with self.store.session() as session:
            return await records.by_id(session, CONTEXT)

    async def change_context(self, **values: Any) -> None:
        async with self.store.begin() as session:
            context = await records.by_id(session, CONTEXT)
            for name, value in values.items():
                setattr(context, name, value)

    async def a_job(self, job_id: str, kind: str, **values: Any) -> None:
        """A job on record that nobody drives."""
        fields = {"title": kind, "status": JobStatus.RUNNING, "params": {}, "state": {}, "vm_context_id": CONTEXT, **values}
        async with self.store.begin() as session:
            session.add(Job(id=job_id, kind=kind, **fields))

    async def unfinished(self) -> list[str]:
        """The jobs that have not ended."""
        async with self.store.session() as session:
            return list(await session.scalars(select(Job.id).where(Job.status.not_in(ENDED))))

    async def row(self, job_id: str) -> FailoverJobRow:
        async with self.store.session() as session:
            return await session.get_one(FailoverJobRow, job_id)

    async def ends(self, job_id: str) -> Job:
        """The job once it has ended."""
        async with asyncio.timeout(90):
            return await self.deps.runner.wait(job_id)

    async def test(self, **more: Any) -> Job:
        """A whole test failover."""
        return await self.ends((await requests.start_test(self.deps, StartTest(**self.asked(**more)))).job_id)

    async def live(self, **more: Any) -> Job:
        """A whole live failover."""
        body = StartLive(**{**self.asked(**more), "network_id": None})
        return await self.ends((await requests.start_live(self.deps, body)).job_id)

    async def cleanup(self) -> Job:
        """A whole cleanup."""
        return await self.ends((await requests.start_cleanup(self.deps, CONTEXT)).job_id)

    def asked(self, **more: Any) -> dict[str, Any]:
        """What a request says."""
        return {"vm": "web", "network_id": self.networks["isolated-test"], **more}

    async def by_hand(self, command: str, **params: Any) -> str:
        """Somebody does something in CloudStack; the id of what was made or changed."""
        return await self.deps.volumes._reach.of(self.config).volumes.run(command, Purpose("by hand"), **params)

    async def disk_by_hand(self, name: str) -> str:
        """A disk of this name, which is on no record."""
        return await self.by_hand("createVolume", name=name, zoneid=self.config.zone, diskofferingid=self.config.disk_offering_id, size=1)

    def machines(self) -> list[Any]:
        """The machines in the cloud besides this appliance."""
        return [one for one in self.lab.cloud.world.instances.values() if one.kind == "guest"]

    def commands(self) -> list[str]:
        """What CloudStack was sent, without the looking."""
        return [str(line["command"]) for line in self.lab.cloud.log.read() if not str(line["command"]).startswith(LOOKING)]

    async def is_as_before(self) -> list[str]:
        """What differs from how it was before any failover; empty when nothing does."""
        context, world = await self.context(), self.lab.cloud.world
        volumes = await self.deps.volumes.volumes_of(CONTEXT)
        differences = {
            "state": context.current_status == VmState.READY,
            "held": context.current_job_id is None,
            "diverged": context.diverged_since is None,
            "torn": context.torn_since is None,
            "machines": not self.machines(),
            "snapshots": not world.snapshots,
            "strays": set(world.volumes) == {*self.volume_ids, *self.others},
            "attached": all(world.volumes[one].instance_id == self.config.oma_vm_id for one in self.volume_ids),
            "mode": all((one.mode, one.snapshot_id, one.snapshot_status) == ("oma", None, None) for one in volumes),
            "bytes": self.bytes_are_back(),
        }
        return [name for name, fits in differences.items() if not fits]

    async def _end_sessions(self, volume_ids: Sequence[str]) -> None:
        self.ended.append(list(volume_ids))


def point(job_id: str, change_id: str, disks: Sequence[str] = DISKS) -> dict[str, Any]:
    """A consistent point of these disks."""
    return {"job_id": job_id, "at": "then", "change_ids": dict.fromkeys(disks, change_id), "capacities": dict.fromkeys(disks, 1 << 20)}


def write(path: Path, offset: int, words: bytes) -> None:
    """Write somewhere into a disk."""
    with path.open("r+b") as disk:
        disk.seek(offset)
        disk.write(words)


def read(path: Path, offset: int, length: int) -> bytes:
    """Read somewhere from a disk."""
    with path.open("rb") as disk:
        disk.seek(offset)
        return disk.read(length)


def script(path: Path, body: str) -> Path:
    """A program to be run instead of the real preparation."""
    path.write_text(f"#!{shutil.which('sh')}\n{body}\n")
    path.chmod(0o755)
    return path
