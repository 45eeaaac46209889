"""Taking many VMs under management by one job, each for itself; no copy is started."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contexts.models import SeenSpecification
from appliance.contract.discovery import MOST_AT_ONCE, Addition, Outcome
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.inventory import AskVms, Vm
from appliance.contract.jobs import Problem
from appliance.core.jobs import Job, Run, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.replication.admission import Origin, admit, managed
from appliance.replication.faults import NOT_IN_VCENTER, TOO_MANY_VMS
from appliance.replication.follow import patiently
from appliance.replication.source import Sources

KIND = "bulk_add"
_AT_ONCE = 50
"""VMs after which what became of them is kept, and progress shown."""


class AddThem(Step):
    """All are looked up by one question; then each is added or refused. Done again after a crash, it goes on where it was."""

    name, title = "addition", "Adding the VMs"

    def __init__(self, store: Store, source: Sources) -> None:
        self._store, self._source = store, source

    async def do(self, run: Run) -> None:
        wanted: list[str] = run.params["vms"]
        peer_id, credential_id = str(run.params["peer_id"]), int(run.params["credential_id"])
        access = await self._source.login(credential_id)
        asked = AskVms(access=access, vms=wanted)
        found = (await patiently(run, partial(self._source.vma(peer_id).vms, asked))).vms
        origin = Origin(peer_id, credential_id, access.host)
        results: dict[str, Any] = run.state.setdefault("results", {})
        for number, name in enumerate(wanted, 1):
            if name not in results:
                twice = {one["context_id"] for one in results.values()}
                results[name] = (await self._added(run.id, origin, name, found.get(name), twice)).model_dump()
            if number % _AT_ONCE == 0:
                await run.save()
                await run.progress(number / len(wanted), f"{number} of {len(wanted)} VMs are done")
        await run.log(summary(additions(run.params, run.state)))

    async def _added(self, job_id: str, origin: Origin, name: str, vm: Vm | None, twice: set[str]) -> Addition:
        """What becomes of one; those in `twice` were added under another of their names."""
        try:
            if vm is None:
                raise NOT_IN_VCENTER(name=name)
            async with self._store.begin() as session:
                known = await managed(session, origin, vm.moref)
                if known is not None:
                    mine = known.context_id not in twice and await _added_by(session, known.context_id, job_id)
                    return Addition(vm=name, outcome=Outcome.ADDED if mine else Outcome.MANAGED, context_id=known.context_id)
                context = await admit(session, origin, vm, job_id)
            return Addition(vm=name, outcome=Outcome.ADDED, context_id=context.context_id)
        except Fault as error:
            problem = Problem(key=error.key, message=error.message, guidance=error.guidance)
            return Addition(vm=name, outcome=Outcome.REFUSED, problem=problem)


class BulkAdd(Workflow):
    """What was added stays when the job is stopped: it is ended by asking for the rest again."""

    kind = KIND
    undoes = False

    def __init__(self, store: Store, source: Sources) -> None:
        super().__init__([AddThem(store, source)])

    def title(self, job: Job) -> str:
        count = len(job.params["vms"])
        return f"Adding {count} {'VM' if count == 1 else 'VMs'} to management"


async def start(runner: Runner, peer_id: str, credential_id: int, vms: Sequence[str]) -> str:
    """Start adding; returns the job's id. A VM that is named twice counts once. Raises TOO_MANY_VMS."""
    if len(vms) > MOST_AT_ONCE:
        raise TOO_MANY_VMS(count=len(vms), limit=MOST_AT_ONCE)
    params = {"peer_id": peer_id, "credential_id": credential_id, "vms": list(dict.fromkeys(vms))}
    return await runner.submit(KIND, params, peer_id=peer_id)


async def again(runner: Runner, job: Job) -> str:
    """Ask for the same VMs once more; returns the new job's id."""
    return await start(runner, job.params["peer_id"], job.params["credential_id"], job.params["vms"])


async def outcomes(runner: Runner, job_id: str) -> list[Addition]:
    """What became of each VM. Raises a Fault (404) for a job of another kind."""
    job = await runner.get(job_id)
    if job.kind != KIND:
        raise NOT_FOUND(noun="addition", id=job_id)
    return additions(job.params, job.state)


def additions(params: dict[str, Any], state: dict[str, Any]) -> list[Addition]:
    """What became of each VM, in the order of the request; pure."""
    results = state.get("results", {})
    waiting = {"outcome": Outcome.WAITING}
    return [Addition.model_validate({"vm": name, **results.get(name, waiting)}) for name in params["vms"]]


def summary(found: Sequence[Addition]) -> str:
    """How many were added and how many not, as a sentence; pure."""
    count = {outcome: sum(one.outcome is outcome for one in found) for outcome in Outcome}
    words = f"{count[Outcome.ADDED]} were added, {count[Outcome.MANAGED]} were under management already"
    return f"Of {len(found)} VMs {words}, {count[Outcome.REFUSED]} were refused."


async def _added_by(session: AsyncSession, context_id: str, job_id: str) -> bool:
    """Whether this job added it before it was broken off."""
    query = select(SeenSpecification.id).where(SeenSpecification.vm_context_id == context_id, SeenSpecification.job_id == job_id)
    return await session.scalar(query) is not None
