"""What a step works on: the VM, its failover's record, its copies, and the CloudStack they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.faults import CONFIG_UNKNOWN
from appliance.cloudstack.instances import Instances
from appliance.contexts import VmContext, records
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.inventory import Vm
from appliance.core.jobs import Run
from appliance.core.store import utcnow
from appliance.failover import specification
from appliance.failover.deps import FailoverDeps
from appliance.failover.models import FailoverJobRow
from appliance.volumes.records import Volume

# Where a way back keeps which failover it comes back from.
FAILOVER = "failover_job_id"


@dataclass(frozen=True)
class Case:
    """A failover as it is recorded now."""

    context: VmContext
    row: FailoverJobRow
    config: CloudConfig
    instances: Instances
    volumes: list[Volume]

    @property
    def volume_ids(self) -> list[str]:
        return [one.volume_id for one in self.volumes]

    def source(self) -> Vm:
        """The source's description. Raises a Fault when there is none."""
        return specification.described(self.context)

    def in_order(self) -> list[Volume]:
        """The copies in the order of the source's disks, the boot disk first. Raises a Fault when one is missing."""
        return specification.in_order(self.source(), self.volumes)

    async def machine_id(self) -> str | None:
        """The new machine, also when its id was never recorded; None when there is none."""
        if self.row.destination_vm_id and await self.instances.get(self.row.destination_vm_id):
            return self.row.destination_vm_id
        made = await self.instances.of_job(self.row.id)
        return made.id if made else None


async def load(deps: FailoverDeps, run: Run) -> Case:
    """The failover that this job does or comes back from. Raises a Fault."""
    job_id = str(run.params.get(FAILOVER) or run.id)
    async with deps.store.session() as session:
        context = await records.by_id(session, run.context_id)
        row = await session.get(FailoverJobRow, job_id)
        if row is None:
            raise NOT_FOUND(noun="failover", id=job_id)
    config = await _config(deps, row.ossea_config_id)
    return Case(context, row, config, deps.clouds.instances(config), await deps.volumes.volumes_of(context.context_id))


async def record(deps: FailoverDeps, job_id: str, **values: Any) -> None:
    """Change the record of a failover."""
    async with deps.store.begin() as session:
        row = await session.get_one(FailoverJobRow, job_id)
        for name, value in values.items():
            setattr(row, name, value)


async def diverge(deps: FailoverDeps, case: Case, *, guest_starts: bool = False) -> None:
    """From now on the copies differ from their consistent point; committed before they do."""
    now = utcnow()
    async with deps.store.begin() as session:
        context = await records.by_id(session, case.context.context_id)
        context.diverged_since = context.diverged_since or now
        if guest_starts:
            row = await session.get_one(FailoverJobRow, case.row.id)
            row.guest_started_at = row.guest_started_at or now


async def _config(deps: FailoverDeps, config_id: int | None) -> CloudConfig:
    """The configuration the failover began with, active or not; the active one where it was deleted."""
    try:
        return await deps.configs.get(config_id or 0)
    except Fault as error:
        if error.spec is not CONFIG_UNKNOWN:
            raise
        return (await deps.configs.choose(None))[0]
