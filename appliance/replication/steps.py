"""What the steps of a cycle stand on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.cloudstack.configs import Configs
from appliance.contexts import VmContext, records
from appliance.contract.peer import DiskTask, Examine, Replicate
from appliance.core.jobs import Run, Step
from appliance.core.store import Store
from appliance.replication.source import Sources
from appliance.replication.verify.limits import FULL, VerifyLimits
from appliance.volumes.facade import Volumes


@dataclass(frozen=True)
class CycleDeps:
    """What the steps work with. `end_sessions` ends all data sessions of volumes and reaps their processes."""

    store: Store
    volumes: Volumes
    configs: Configs
    source: Sources
    end_sessions: Callable[[list[str]], Awaitable[None]]
    limits: Callable[[], VerifyLimits] = VerifyLimits


class CycleStep(Step):
    """A step of a cycle."""

    def __init__(self, deps: CycleDeps) -> None:
        self.deps = deps

    async def context(self, run: Run) -> VmContext:
        """The VM as it is recorded now."""
        async with self.deps.store.session() as session:
            return await records.by_id(session, run.context_id)

    async def order(self, run: Run) -> Replicate:
        """What the VMA is asked for, with a fresh login."""
        context = await self.context(run)
        tasks = [DiskTask.model_validate(task) for task in run.state["tasks"]]
        access = await self.deps.source.access(context)
        return Replicate(
            job_id=run.id,
            vm=context.vmware_vm_id,
            vm_name=context.vm_name,
            access=access,
            disks=tasks,
            quiesce=run.params["quiesce"],
            examine=_examine(run.params.get("verify"), self.deps.limits()),
        )


def _examine(mode: str | None, limits: VerifyLimits) -> Examine | None:
    if mode is None:
        return None
    return Examine(
        full=mode == FULL,
        block_bytes=limits.block_bytes,
        share=limits.share,
        most_bytes=limits.most_bytes,
        least_blocks=limits.least_blocks,
    )
