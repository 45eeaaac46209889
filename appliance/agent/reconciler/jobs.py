"""The two kinds of jobs: a look at everything, and the healing of what was chosen."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.reconciler import cloud, here, source
from appliance.agent.reconciler.faults import RUNS_ALREADY
from appliance.agent.reconciler.findings import Found, Sight
from appliance.agent.reconciler.known import ReconcilerDeps
from appliance.contexts import VmContext
from appliance.contract.errors import Fault
from appliance.contract.reconciliation import HealingOutcome, Place, Reconciliation
from appliance.core.jobs import Job, JobStatus, Run, Runner, Step, Workflow, refuse_beside
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store

LOOK, HEAL = "reconciliation", "reconciliation-heal"
KINDS = (LOOK, HEAL)
GONE = "It is not there any more, or could not be looked at now; nothing was done."
UNSAFE = "It can't be healed by itself; nothing was done."
HEALED = "Healed."

_log = logging.getLogger(__name__)
Look = Callable[[ReconcilerDeps], Awaitable[Sight]]
LOOKS: dict[Place, tuple[str, Look]] = {
    Place.CLOUDSTACK: ("Comparing with CloudStack", cloud.look),
    Place.VCENTER: ("Comparing with vCenter", source.look),
    Place.APPLIANCE: ("Comparing with what runs here", here.look),
}


class LookAt(Step):
    """One place is looked at; what was found is kept on the job."""

    def __init__(self, deps: ReconcilerDeps, place: Place) -> None:
        self.name, self.title = f"{place.value}-look", LOOKS[place][0]
        self._deps, self._place = deps, place

    async def do(self, run: Run) -> None:
        sight = await LOOKS[self._place][1](self._deps)
        run.state[self._place.value] = {
            "findings": [one.finding.model_dump(mode="json") for one in sight.found],
            "unseen": [one.model_dump(mode="json") for one in sight.unseen],
        }
        for one in sight.unseen:
            await run.log(f"{one.name} could not be looked at: {one.problem}", level="warning")


class HealChosen(Step):
    """Each finding that was chosen is looked at once more, and healed if it is still there and safe."""

    name, title = "healing", "Healing what was chosen"

    def __init__(self, deps: ReconcilerDeps) -> None:
        self._deps = deps

    async def do(self, run: Run) -> None:
        chosen, done = run.params["findings"], run.state.setdefault("outcomes", [])
        for number, finding in enumerate(chosen):
            await run.progress(number / len(chosen))
            if any(one["finding"] == finding for one in done):
                continue
            outcome = await self._one(finding, run)
            done.append(outcome.model_dump())
            await run.log(f"{outcome.sentence} {outcome.told}".strip(), level="info" if outcome.healed else "warning")
            await run.save()

    async def _one(self, finding: str, run: Run) -> HealingOutcome:
        found = await self._find(finding)
        if found is None:
            return HealingOutcome(finding=finding, sentence="", healed=False, told=GONE)
        sentence = found.finding.sentence
        if not found.finding.safe or found.heal is None:
            return HealingOutcome(finding=finding, sentence=sentence, healed=False, told=UNSAFE)
        try:
            await found.heal(run)
        except Fault as error:
            _log.warning("finding %s could not be healed: %s", found.finding, error)
            return HealingOutcome(finding=finding, sentence=sentence, healed=False, told=f"{error.message} {error.guidance}")
        return HealingOutcome(finding=finding, sentence=sentence, healed=True, told=HEALED)

    async def _find(self, finding: str) -> Found | None:
        for _, look in LOOKS.values():
            sight = await look(self._deps)
            found = next((one for one in sight.found if one.finding.id == finding), None)
            if found is not None:
                return found
        return None


class Reconciling(Workflow):
    """One at a time; never undone: a look changes nothing, and what was healed is healed."""

    undoes = False

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, RUNS_ALREADY, *KINDS)


class LookAround(Reconciling):
    """A look at everything; nothing is changed."""

    kind = LOOK

    def __init__(self, deps: ReconcilerDeps) -> None:
        super().__init__([LookAt(deps, place) for place in LOOKS])

    def title(self, job: Job) -> str:
        return "Comparing the records with what there is"


class Healing(Reconciling):
    """The healing of chosen findings, and a look afterwards."""

    kind = HEAL

    def __init__(self, deps: ReconcilerDeps) -> None:
        super().__init__([HealChosen(deps), *(LookAt(deps, place) for place in LOOKS)])

    def title(self, job: Job) -> str:
        return f"Healing {len(job.params['findings'])} differences"


async def last_look(store: Store) -> Reconciliation:
    """What the last look that ended well found, and what became of what was healed last."""
    async with store.session() as session:
        ours = select(Job).where(Job.kind.in_(KINDS)).order_by(Job.created_at.desc(), Job.id.desc())
        running = (await session.scalars(ours.where(Job.status.not_in(ENDED)).limit(1))).first()
        last = (await session.scalars(ours.where(Job.status == JobStatus.COMPLETED).limit(1))).first()
        healed = (await session.scalars(ours.where(Job.kind == HEAL, Job.status.in_(ENDED)).limit(1))).first()
    state: dict[str, Any] = last.state if last else {}
    places = [state[place.value] for place in LOOKS if place.value in state]
    return Reconciliation.model_validate(
        {
            "at": last.completed_at if last else None,
            "job_id": last.id if last else None,
            "running_job_id": running.id if running else None,
            "findings": [one for place in places for one in place["findings"]],
            "unseen": [one for place in places for one in place["unseen"]],
            "outcomes": healed.state.get("outcomes", []) if healed else [],
        }
    )


async def look_at_start(store: Store, runner: Runner) -> None:
    """Compare once after the agent's start, where there is anything to compare."""
    async with store.session() as session:
        anything = (await session.scalars(select(VmContext.context_id).limit(1))).first()
    if anything is None:
        return
    try:
        await runner.submit(LOOK, {})
    except Fault as error:
        _log.info("no look at the start: %s", error)
