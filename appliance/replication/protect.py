"""Taking VMs under management and starting cycles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.contexts import VmContext, doubts, records
from appliance.contract.inventory import AskVm
from appliance.core.jobs import Job, Runner
from appliance.replication.admission import Origin, admit
from appliance.replication.faults import PART_OF_FAILOVER
from appliance.replication.kinds import REPLICATION, VERIFICATION
from appliance.replication.steps import CycleDeps
from appliance.replication.verify.limits import FULL, SAMPLED

RefuseUnfit = Callable[[str, int, str, int | None], Awaitable[None]]
"""Told peer, credential, VM and configuration before a first copy: raises the Fault that names what keeps it from being made."""


async def anything_goes(peer_id: str, credential_id: int, vm_path: str, config_id: int | None) -> None:
    """Where nobody looks."""


@dataclass(frozen=True)
class Protection:
    """Protects VMs of one vCenter after the other; every cycle but a failover's last one begins here."""

    deps: CycleDeps
    runner: Runner
    refuse_unfit: RefuseUnfit = anything_goes

    async def add(self, peer_id: str, credential_id: int, vm_path: str) -> str:
        """Take a VM under management; returns its context id.

        Raises a Fault when it is not found, can't be migrated, or is under management already.
        """
        access = await self.deps.source.login(credential_id)
        vm = await self.deps.source.vma(peer_id).vm(AskVm(access=access, vm=vm_path))
        async with self.deps.store.begin() as session:
            return (await admit(session, Origin(peer_id, credential_id, access.host), vm)).context_id

    async def start(
        self,
        context_id: str,
        *,
        config_id: int | None = None,
        quiesce: bool = False,
        job_id: str | None = None,
        verify: str | None = None,
    ) -> str:
        """Start a cycle; returns its job's id (`job_id`, if it is given).

        With `verify` (a mode) it is a verification; else a sample is compared, if that is set.

        Raises a Fault when the VM is busy or in a state that cannot be, or when no CloudStack configuration can be used.
        """
        async with self.deps.store.session() as session:
            context = await records.by_id(session, context_id)
        config, choice = await self.deps.configs.choose(config_id if config_id is not None else context.ossea_config_id)
        verified = verify or (SAMPLED if self.deps.limits().sample_after_cycle else None)
        return await submit_cycle(
            self.runner,
            context,
            config.ready_for_volumes().id,
            choice.why,
            kind=VERIFICATION if verify else REPLICATION,
            quiesce=quiesce,
            job_id=job_id,
            verify=verified,
        )

    async def again(self, job: Job) -> str:
        """Start a cycle as an ended one was started; returns its job's id. Raises the Faults of `start`."""
        if job.params["parent_job_id"] is not None:
            raise PART_OF_FAILOVER(name=job.params["vm_name"], cause=f"of {job.params['parent_job_id']}")
        verify = job.params["verify"] if job.kind == VERIFICATION else None
        return await self.start(job.params["context_id"], config_id=job.params["config_id"], quiesce=job.params["quiesce"], verify=verify)


async def submit_cycle(
    runner: Runner,
    context: VmContext,
    config_id: int,
    why: str,
    *,
    kind: str = REPLICATION,
    quiesce: bool = False,
    parent_job_id: str | None = None,
    job_id: str | None = None,
    verify: str | None = None,
) -> str:
    """Start a cycle; `why` tells how its configuration came to be chosen. `parent_job_id` is the failover that holds the VM meanwhile.

    A copy that is in doubt since a restore is compared as a whole. Raises a Fault when the VM is busy or in a state that cannot be.
    """
    params = {
        "context_id": context.context_id,
        "vm_name": context.vm_name,
        "config_id": config_id,
        "config_reason": why,
        "quiesce": quiesce,
        "parent_job_id": parent_job_id,
        "verify": verify if doubts.of(context) is None else FULL,
    }
    return await runner.submit(kind, params, vm_context_id=context.context_id, peer_id=context.peer_id, job_id=job_id)
