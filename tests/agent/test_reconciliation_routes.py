"""The routes of the reconciler, from the request to the stored result."""

from __future__ import annotations

import pytest
from console_records import keep, vm
from pydantic import ValidationError

from appliance.agent.http.reconciliation import ReconciliationRoutes
from appliance.agent.reconciler import jobs as reconciler
from appliance.agent.reconciler.findings import Sight
from appliance.agent.reconciler.judging import Maker, machine
from appliance.agent.reconciler.known import ReconcilerDeps
from appliance.contract.errors import Fault
from appliance.contract.reconciliation import Heal, Place, Unseen
from appliance.core.jobs import Run, Runner
from appliance.core.store import Store

LEFT = machine("web", Maker.ENDED, "cleaned_up", holds_copies=False)


class Places:
    """What there is: one machine that is left over, until it is healed; and a vCenter that is away."""

    def __init__(self) -> None:
        self.healed = False

    async def cloud(self, _: ReconcilerDeps) -> Sight:
        sight = Sight()
        if not self.healed:
            sight.add(Place.CLOUDSTACK, LEFT, ("id-1", "web"), None, self._heal)
        return sight

    async def vcenter(self, _: ReconcilerDeps) -> Sight:
        return Sight(unseen=[Unseen(place=Place.VCENTER, name="vc", problem="It is away.")])

    async def appliance(self, _: ReconcilerDeps) -> Sight:
        return Sight()

    async def _heal(self, run: Run) -> None:
        self.healed = True


@pytest.fixture
def routes(store: Store, monkeypatch: pytest.MonkeyPatch) -> ReconciliationRoutes:
    places, runner = Places(), Runner(store)
    looks = {Place.CLOUDSTACK: ("a", places.cloud), Place.VCENTER: ("b", places.vcenter), Place.APPLIANCE: ("c", places.appliance)}
    monkeypatch.setattr(reconciler, "LOOKS", looks)
    deps: ReconcilerDeps = None  # type: ignore[assignment]
    for kind in (reconciler.LookAround, reconciler.Healing):
        runner.register(kind(deps))
    return ReconciliationRoutes(store, runner)


async def test_before_the_first_look_there_is_an_answer(routes: ReconciliationRoutes) -> None:
    seen = await routes.reconciliation()
    assert (seen.at, seen.job_id, seen.running_job_id, seen.findings, seen.unseen, seen.outcomes) == (None, None, None, [], [], [])


async def test_a_look_is_a_job_whose_findings_stay_until_they_are_healed(routes: ReconciliationRoutes) -> None:
    looked = await routes.look()
    await routes._runner.wait(looked.job_id)
    seen = await routes.reconciliation()
    assert (seen.job_id, [one.what for one in seen.findings], [one.name for one in seen.unseen]) == (
        looked.job_id,
        ["machine_left"],
        ["vc"],
    )
    healing = await routes.heal(Heal(findings=[seen.findings[0].id]))
    await routes._runner.wait(healing.job_id)
    after = await routes.reconciliation()
    assert (after.findings, [one.healed for one in after.outcomes]) == ([], [True])


async def test_a_second_look_is_refused_while_one_runs(routes: ReconciliationRoutes) -> None:
    looked = await routes.look()
    with pytest.raises(Fault) as refusal:
        await routes.look()
    assert refusal.value.status == 409
    await routes._runner.wait(looked.job_id)


@pytest.mark.parametrize("findings", [[], ["no id"], ["0" * 16] * 201, ["../../etc"]])
def test_what_names_no_finding_is_refused(findings: list[str]) -> None:
    with pytest.raises(ValidationError):
        Heal(findings=findings)


async def test_an_empty_appliance_does_not_look_by_itself_and_one_with_vms_does(routes: ReconciliationRoutes, store: Store) -> None:
    await reconciler.look_at_start(store, routes._runner)
    assert (await routes.reconciliation()).running_job_id is None
    await keep(store, vm(1))
    await reconciler.look_at_start(store, routes._runner)
    running = (await routes.reconciliation()).running_job_id
    assert running is not None
    await routes._runner.wait(running)
