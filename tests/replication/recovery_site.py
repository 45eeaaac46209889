"""An OMA's records with cycles that an earlier agent left, and a VMA at its protocol that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from appliance.agent.health.recovery import Recovery
from appliance.agent.http.binding import application, bind
from appliance.cloudstack.models import OsseaConfigRow
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import NOT_FOUND
from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import CopyPhase, CopyProgress, DiskProgress, Replicate, VmaPeerApi
from appliance.core.jobs import Job, JobStatus, JobStep, Runner, StepStatus
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.replication.cycle import Replication
from appliance.replication.models import ReplicationJob, VmDisk
from appliance.replication.source import Sources
from appliance.replication.steps import CycleDeps
from appliance.tunnel.models import Peer
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import Principal, PrincipalSite

PEER = "vma-1"
DISK = "disk-2000"
CHANGE_ID = "52 de ad/7"
OVER = (CopyPhase.FINISHED, CopyPhase.FAILED, CopyPhase.CANCELLED)


class FarVma(VmaPeerApi):
    """A VMA whose jobs stand where the test says."""

    def __init__(self) -> None:
        self.phases: dict[str, CopyPhase] = {}
        self.heard: list[str] = []
        self.revision = 0
        self.answering = asyncio.Event()
        """While it is not set, whoever follows a job gets no answer, and whoever asks once does."""
        self.answering.set()

    async def progress(self, job_id: str, after: int = -1, wait: float = 0.0) -> CopyProgress:
        self.heard.append(f"progress {job_id}")
        if wait:
            await self.answering.wait()
        if wait and self.phases.get(job_id) is CopyPhase.RUNNING:
            await asyncio.sleep(0.01)
        return self._answer(job_id)

    async def replicate(self, body: Replicate) -> CopyProgress:
        self.heard.append(f"replicate {body.job_id}")
        self.phases[body.job_id] = CopyPhase.RUNNING
        return self._answer(body.job_id)

    async def release(self, job_id: str) -> CopyProgress:
        self.heard.append(f"release {job_id}")
        self.phases[job_id] = CopyPhase.FINISHED
        return self._answer(job_id)

    async def cancel(self, job_id: str) -> CopyProgress:
        self.heard.append(f"cancel {job_id}")
        if self._answer(job_id).phase not in OVER:
            self.phases[job_id] = CopyPhase.CANCELLED
        return self._answer(job_id)

    def _answer(self, job_id: str) -> CopyProgress:
        if job_id not in self.phases:
            raise NOT_FOUND(noun="job", id=job_id)
        self.revision += 1
        disk = DiskProgress(disk_id=DISK, sync_type="incremental", total_bytes=10, done_bytes=5, change_id=CHANGE_ID)
        return CopyProgress(
            job_id=job_id, revision=self.revision, phase=self.phases[job_id], snapshot_at=datetime(2026, 1, 2, tzinfo=UTC), disks=[disk]
        )


class NoVolumes:
    """Volumes that are all there and attached."""

    def __init__(self) -> None:
        self.released: list[str] = []

    def hold(self, job_id: str, volume_ids: Sequence[str]) -> None: ...

    async def release(self, job_id: str) -> None:
        self.released.append(job_id)

    async def discard_created(self, job_id: str, config: object) -> None: ...


class Vault:
    """The one login."""

    async def use(self, credential_id: int) -> tuple[Any, str]:
        access = VCenterAccess(host="vc", port=443, username="u", password=SecretStr("p"), fingerprint="", ca="")
        values = {"vcenter_host": access.host, "vcenter_port": 443, "username": "u", "fingerprint": "", "ca": ""}
        return type("Credential", (), values)(), "p"


class NoConfigs:
    """Of a configuration only its number is asked for."""

    async def get(self, config_id: int) -> None: ...


@dataclass
class RecoverySite:
    """The OMA's records, and agents that come and go over them."""

    store: Store
    folder: Path
    vma: FarVma = field(default_factory=FarVma)
    volumes: NoVolumes = field(default_factory=NoVolumes)
    opened: list[tuple[Runner, Sources]] = field(default_factory=list)
    _far: PrincipalSite | None = None

    async def prepare(self) -> None:
        async with self.store.begin() as session:
            session.add(OsseaConfigRow(id=1, name="lab", api_url="u", api_key="k", secret_key=""))
            session.add(Peer(id=PEER, name="vma1", role="vma", ssh_public_key="", state="paired"))

    async def connect(self) -> None:
        """The tunnel comes up."""

        def make_app(_: Principal) -> Any:
            app = application()
            bind(app, VmaPeerApi, self.vma)
            return app

        async def describe() -> dict[str, object]:
            return {}

        self._far = PrincipalSite(make_app, Principal("oma", "oma"), self.folder / "peers" / PEER / "vma.sock", describe)
        await self._far.start()

    async def disconnect(self) -> None:
        """The tunnel goes down."""
        if self._far is not None:
            await self._far.stop()
            self._far = None

    def agent(self) -> tuple[Runner, Sources]:
        """A new agent, which has not looked at anything yet."""
        sources = Sources(self.folder, cast(Any, Vault()), Peers(self.store))
        runner = Runner(self.store)
        deps = CycleDeps(self.store, cast(Any, self.volumes), cast(Any, NoConfigs()), sources, self._end_sessions)
        runner.register(Replication(deps))
        self.opened.append((runner, sources))
        return runner, sources

    async def start(self) -> Runner:
        """A new agent, once it has recovered."""
        runner, _ = self.agent()
        await Recovery(self.store, runner, self._nothing_differs).run()
        return runner

    async def kill(self) -> None:
        """Every agent goes, and its jobs stay as they are."""
        for runner, sources in self.opened:
            await runner.close()
            await sources.close()
        self.opened.clear()

    async def close(self) -> None:
        await self.kill()
        await self.disconnect()

    async def leave(self, number: int, at_step: str, *, undoing: bool = False) -> str:
        """A cycle in the middle of a step, as a killed agent leaves it; returns its id."""
        job_id, context_id = f"job-{number:03}", f"ctx-{number:03}"
        names = [step.name for step in Replication.made_of]
        done = names.index(at_step)
        committed = "commit" in names[:done]
        words = dict.fromkeys(("vm_path", "vcenter_host", "datacenter"), "x")
        async with self.store.begin() as session:
            session.add(
                VmContext(
                    context_id=context_id,
                    peer_id=PEER,
                    vm_name=f"web{number}",
                    vmware_vm_id=f"vm-{number}",
                    current_status=VmState.REPLICATING,
                    current_job_id=job_id,
                    credential_id=1,
                    consistent_point={"at": "2026-01-01T00:00:00+00:00", "change_ids": {DISK: "52 de ad/6"}},
                    torn_since=None if committed else datetime(2026, 1, 1, tzinfo=UTC),
                    last_successful_job_id=job_id if committed else None,
                    **words,
                )
            )
            await session.flush()
            session.add(_job(job_id, context_id, names, done, undoing=undoing))
            session.add(_cycle(job_id, context_id))
        return job_id

    async def settled(self, job_id: str) -> tuple[str, str | None, str, str | None]:
        """How a job ended, why, and its VM: status, error key, the VM's state, who holds it."""
        while (job := await self.job(job_id)).status not in ENDED:
            await asyncio.sleep(0.01)
        async with self.store.session() as session:
            context = await session.get_one(VmContext, job.vm_context_id)
        return job.status, job.error["key"] if job.error else None, context.current_status, context.current_job_id

    async def waits(self, job_id: str) -> str:
        """What a job says once it is shown as waiting, or waits while it is undone."""
        while not (job := await self.job(job_id)).current_operation.startswith("Waiting for the appliance"):
            await asyncio.sleep(0.01)
        return job.status

    async def job(self, job_id: str) -> Job:
        async with self.store.session() as session:
            return await session.get_one(Job, job_id)

    async def _end_sessions(self, volume_ids: Sequence[str]) -> None: ...

    async def _nothing_differs(self) -> list[object]:
        return []


def _job(job_id: str, context_id: str, names: list[str], done: int, *, undoing: bool) -> Job:
    steps = []
    for number, name in enumerate(names):
        here = StepStatus.FAILED if undoing else StepStatus.RUNNING
        status = StepStatus.COMPLETED if number < done else here if number == done else StepStatus.PENDING
        steps.append(JobStep(position=number, name=name, title=name, status=status))
    tasks = [{"disk_id": DISK, "key": 2000, "capacity_bytes": 1 << 20, "previous_change_id": None}]
    state = {"tasks": tasks, "volumes": {DISK: "vol-1"}, "devices": {DISK: "/nowhere"}, "sent": True, "ordered": True}
    return Job(
        id=job_id,
        kind="replication",
        title="Replication",
        status=JobStatus.UNDOING if undoing else JobStatus.RUNNING,
        vm_context_id=context_id,
        peer_id=PEER,
        params={"context_id": context_id, "vm_name": "web", "config_id": 1, "quiesce": False, "parent_job_id": None},
        state=state,
        cancel_requested=undoing,
        steps=steps,
    )


def _cycle(job_id: str, context_id: str) -> ReplicationJob:
    words = dict.fromkeys(("source_vm_id", "source_vm_name", "source_vm_path", "vcenter_host", "datacenter"), "x")
    disk = VmDisk(
        disk_id=DISK,
        vmdk_path="x",
        size_gb=1,
        datastore="x",
        unit_number=0,
        label="Hard disk 1",
        capacity_bytes=1 << 20,
        provisioning_type="thin",
    )
    return ReplicationJob(
        id=job_id,
        vm_context_id=context_id,
        peer_id=PEER,
        replication_type="incremental",
        status="running",
        ossea_config_id=1,
        specification={},
        disks=[disk],
        **words,
    )
