"""Steps on the new machine: made stopped, given the migrated disks, started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.cloudstack.instances import MachineOrder
from appliance.contract.errors import Fault
from appliance.core.jobs import Run, Step
from appliance.failover.case import Case, diverge, load, record
from appliance.failover.copies import refuse_while_attached
from appliance.failover.deps import FailoverDeps
from appliance.failover.networks import attached
from appliance.failover.specification import hardware

_CDROM_SLOT = 3


def device_ids(count: int) -> list[int]:
    """Where the disks go, the root at 0; the slot of the CD-ROM is left out (pure)."""
    return [number for number in range(count + 1) if number != _CDROM_SLOT][:count]


class Deploy(Step):
    """The new machine, stopped; its id is recorded before the next step starts."""

    name, title = "vm-creation", "Making the new machine"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        machine = await case.instances.deploy(self._order(case))
        await record(self._deps, case.row.id, destination_vm_id=machine)

    async def undo(self, run: Run) -> None:
        await delete_machine(self._deps, run, await load(self._deps, run))

    def _order(self, case: Case) -> MachineOrder:
        prepared = (case.row.preparation or {}).get("outcome") == "prepared"
        wanted = hardware(case.source(), prepared=prepared)
        return MachineOrder(
            job_id=case.row.id,
            name=case.context.vm_name,
            zone_id=case.config.zone,
            template_id=case.config.template_id,
            service_offering_id=case.config.service_offering_id,
            network_ids=attached(case.row.network_mappings),
            firmware=wanted.firmware,
            disk_bus=wanted.disk_bus,
            nic_model=wanted.nic_model,
            cpus=wanted.cpus,
            memory_mib=wanted.memory_mib,
        )


class AttachDisks(Step):
    """The new machine's own root goes, the migrated one takes its place, and the data disks follow in order."""

    name, title = "volume-attachment", "Giving the new machine the migrated disks"

    def __init__(self, deps: FailoverDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        machine, volumes = _recorded_machine(case), case.in_order()
        await self._deps.volumes.discard_root(machine, case.config, run.id)
        for number, (volume, device_id) in enumerate(zip(volumes, device_ids(len(volumes)), strict=True)):
            await run.progress(number / len(volumes))
            await self._deps.volumes.attach_to_vm(volume.volume_id, machine, device_id, run.id)

    async def undo(self, run: Run) -> None:
        await take_disks(self._deps, run, await load(self._deps, run))


class Start(Step):
    """The new machine is started; from here on the copies differ. `before` is asked right before it."""

    name, title = "vm-start", "Starting the new machine"

    def __init__(self, deps: FailoverDeps, before: Callable[[Run], Awaitable[None]] | None = None) -> None:
        self._deps, self._before = deps, before

    async def done(self, run: Run) -> bool:
        case = await load(self._deps, run)
        machine = await case.instances.get(_recorded_machine(case))
        return machine is not None and machine.state == "Running"

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        machine = _recorded_machine(case)
        if self._before is not None:
            await self._before(run)
        await diverge(self._deps, case, guest_starts=True)
        try:
            await case.instances.start(machine, run.id)
        except Fault:
            await self._note_if_it_never_ran(case, machine)
            raise

    async def undo(self, run: Run) -> None:
        await stop_machine(run, await load(self._deps, run))

    async def _note_if_it_never_ran(self, case: Case, machine: str) -> None:
        """CloudStack refused and the machine is off: what it had before the start is all it ever had."""
        seen = await case.instances.get(machine)
        if case.row.guest_started_at is None and (seen is None or seen.state == "Stopped"):
            await record(self._deps, case.row.id, guest_started_at=None)


async def stop_machine(run: Run, case: Case) -> None:
    """Switch the new machine off, if there is one; returns when it is verifiably off. What it holds is given up: no time is lost."""
    machine = await case.machine_id()
    if machine is not None:
        await case.instances.stop(machine, run.id, graceful_s=0)


async def take_disks(deps: FailoverDeps, run: Run, case: Case) -> None:
    """Detach every copy from the new machine."""
    machine = await case.machine_id()
    if machine is not None:
        for volume in case.volumes:
            await deps.volumes.detach_from_vm(volume.volume_id, machine, run.id)


async def delete_machine(deps: FailoverDeps, run: Run, case: Case) -> None:
    """Destroy the new machine with its own root, if there is one. Raises a Fault while it holds a copy: that would go with it."""
    machine = await case.machine_id()
    if machine is not None:
        await refuse_while_attached(deps, case)
        if await deps.volumes.root_of(machine, case.config) is None:
            # Its own root was taken off already, and may not be deleted yet.
            await deps.volumes.discard_root(machine, case.config, run.id)
        await case.instances.destroy(machine, run.id)


def _recorded_machine(case: Case) -> str:
    if case.row.destination_vm_id is None:
        raise RuntimeError(f"failover {case.row.id} has no machine on record")
    return case.row.destination_vm_id
