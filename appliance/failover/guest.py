"""The step in which the copied guest gets the drivers of its new platform, where it needs them."""

from __future__ import annotations

import asyncio

from appliance.contract.errors import Fault
from appliance.contract.failover import Preparation
from appliance.core.jobs import Run, Step
from appliance.failover.case import Case, diverge, load, record
from appliance.failover.copies import revert
from appliance.failover.deps import FailoverDeps
from appliance.failover.faults import PREPARATION_FAILED, PREPARED_WITHOUT_DRIVERS, WINDOWS_LACKS
from appliance.failover.preparation import decide, is_windows
from appliance.volumes.faults import SNAPSHOT_LOST

BY_HAND = (
    "If the new machine does not start, install the drivers for KVM (paravirtual disk and network) in the source machine "
    "and repeat the failover, or attach its disks in CloudStack with a bus that the guest knows."
)


class Prepare(Step):
    """Attach, prepare, detach. A failure stops a test; a live failover goes on without, warned."""

    name, title = "guest-preparation", "Preparing the guest for its new platform"

    def __init__(self, deps: FailoverDeps, *, may_fail: bool) -> None:
        self._deps, self._may_fail = deps, may_fail

    async def do(self, run: Run) -> None:
        case = await load(self._deps, run)
        decision = decide(Preparation(run.params.get("preparation", Preparation.AUTO)), case.source().guest_id)
        await run.log(decision.reason)
        if not decision.needed:
            await self._keep(case, "not needed", decision.reason)
            return
        if case.context.diverged_since is not None:
            await self._start_over(run, case)
        if lack := await self._lack(case):
            if not self._may_fail:
                raise lack
            await self._tell_without(run, case, lack)
            return
        await diverge(self._deps, case)
        try:
            await self._prepare(run, case)
        except Fault as error:
            if not self._may_fail or error.spec not in (PREPARATION_FAILED, PREPARED_WITHOUT_DRIVERS):
                raise
            await self._go_on_without(run, case, error)
        else:
            await self._keep(case, "prepared", decision.reason)

    async def undo(self, run: Run) -> None:
        case = await load(self._deps, run)
        await self._deps.preparer.end(run.id)
        await self._deps.volumes.detach(case.volume_ids, run.id)

    async def _prepare(self, run: Run, case: Case) -> None:
        ordered = [one.volume_id for one in case.in_order()]
        paths = await self._deps.volumes.acquire(run.id, ordered)
        try:
            devices = [paths[one] for one in ordered]
            # A live failover's source is off meanwhile.
            await self._deps.preparer.prepare(
                run.id, case.context.vm_name, devices, case.source().firmware, run.progress, hurry=self._may_fail
            )
        finally:
            await self._deps.volumes.detach(ordered, run.id)

    async def _start_over(self, run: Run, case: Case) -> None:
        """An attempt was cut off in its middle: nothing may be built on what it left."""
        await self._deps.preparer.end(run.id)
        await self._deps.volumes.detach(case.volume_ids, run.id)
        lost = await revert(self._deps, run, await load(self._deps, run))
        if lost:
            raise SNAPSHOT_LOST(volume=lost[0].name)

    async def _go_on_without(self, run: Run, case: Case, error: Fault) -> None:
        """What the attempt changed is taken back, and the operator told what to do."""
        await self._start_over(run, case)
        await self._tell_without(run, case, error)

    async def _lack(self, case: Case) -> Fault | None:
        """What has to be brought here before this guest can be prepared."""
        lack = await asyncio.to_thread(self._deps.preparer.drivers.lack) if is_windows(case.source().guest_id) else ""
        return WINDOWS_LACKS(name=case.context.vm_name, lack=lack) if lack else None

    async def _tell_without(self, run: Run, case: Case, error: Fault) -> None:
        await self._keep(case, "failed", error.message, error.cause)
        await run.log(f"{error.message} The failover goes on without. {BY_HAND}", level="warning", cause=error.cause)

    async def _keep(self, case: Case, outcome: str, reason: str, cause: str = "") -> None:
        kept = {"outcome": outcome, "reason": reason, "cause": cause}
        await record(self._deps, case.row.id, preparation=kept)
