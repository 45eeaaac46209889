"""The list of jobs by what is asked for, page by page; and what only a job's own page has."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from console_records import at, job, keep, statements, vm

from appliance.agent.http.jobs import JobRoutes
from appliance.agent.peer.vma import VmaPeerRoutes
from appliance.cloudstack.tracking import Purpose, Tracking
from appliance.contract.api import routes as declared
from appliance.contract.errors import Fault
from appliance.contract.jobs import STATUSES, JobsApi
from appliance.contract.peer import Replicate
from appliance.core.commands import Children
from appliance.core.jobs import JobStatus, Run, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.replication.pace import cycle_paces
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.workflow import Transfer, TransferDeps


def routes(store: Store, runner: Runner | None = None) -> JobRoutes:
    return JobRoutes(store, runner or Runner(store), cycle_paces)


async def found(store: Store, **asked: Any) -> list[str]:
    return [one.id for one in await routes(store).jobs(**asked)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["e", "d", "c", "b", "a"]),
        ({"vm": "vm-0001"}, ["d", "a"]),
        ({"kind": "cleanup"}, ["c"]),
        ({"kind": "cleanup,bulk"}, ["e", "c"]),
        ({"status": "failed"}, ["b"]),
        ({"status": "failed,cancelled"}, ["c", "b"]),
        ({"status": "failed", "active": True}, []),
        ({"active": True}, ["e", "d"]),
        ({"active": False, "kind": "replication"}, ["b", "a"]),
        ({"since": at(2)}, ["e", "d", "c"]),
        ({"until": at(1)}, ["b", "a"]),
        ({"since": at(1), "until": at(3), "active": False}, ["c", "b"]),
        ({"text": "TITLE OF c"}, ["c"]),
        ({"text": "e"}, ["e", "d", "c", "b", "a"]),
        ({"text": "%"}, []),
        ({"before": "c"}, ["b", "a"]),
        ({"before": "c", "limit": 1}, ["b"]),
    ],
)
async def test_jobs_are_found_by_what_is_asked_for(store: Store, asked: dict[str, Any], expected: list[str]) -> None:
    await keep(
        store,
        vm(1),
        job("a", "completed", minute=0, vm_context_id="ctx-0001"),
        job("b", "failed", minute=1),
        job("c", "cancelled", minute=2, kind="cleanup"),
        job("d", "running", minute=3, vm_context_id="ctx-0001"),
        job("e", "pending", minute=4, kind="bulk"),
    )
    assert await found(store, **asked) == expected


async def test_pages_stay_as_they_are_while_jobs_are_added_and_removed(store: Store) -> None:
    await keep(store, *(job(f"job-{n}", minute=n) for n in range(6)))
    first = await found(store, limit=3)
    await keep(store, job("job-9", minute=9))
    async with store.begin() as session:
        await session.delete(await routes(store)._runner.get(first[-1]))
    assert first + await found(store, limit=3, before=first[-1]) == [f"job-{n}" for n in range(5, -1, -1)]


@pytest.mark.parametrize("given", ["ended", "failed,", "failed failed", "failed,ended", ",", "Failed"])
def test_a_state_that_there_is_not_is_refused_at_the_edge(given: str) -> None:
    route = next(one for one in declared(JobsApi) if one.name == "jobs")
    with pytest.raises(ValueError, match="with commas between"):
        route.query["status"].validate_strings(given)


def test_every_state_of_a_job_may_be_asked_for() -> None:
    assert set(STATUSES) == set(JobStatus)


async def test_a_page_with_every_filter_takes_as_many_questions_as_one_job(store: Store) -> None:
    await keep(store, vm(1), *(job(f"job-{n:04}", "failed", vm_context_id="ctx-0001") for n in range(200)))
    with statements(store) as asked:
        several = {"vm": "ctx-0001", "kind": "replication", "status": "failed,running", "text": "title", "since": at(0)}
        assert len(await found(store, limit=150, **several)) == 150
    assert len(asked) <= 5


class Asks(Step):
    """Gives CloudStack a job, and has a part of itself done by another job."""

    name, title = "ask", "Asking"

    def __init__(self, tracking: Tracking, runner: Runner) -> None:
        self._tracking, self._runner = tracking, runner

    async def do(self, run: Run) -> None:
        await self._tracking.started("cs-1", "attachVolume", Purpose("attach", "volop-1"))
        await self._tracking.ended("cs-1", "done")
        await run.known_as("far-1", "copy")
        await run.known_as("far-1", "copy")
        await run.log("Asked.")
        if run.params.get("part"):
            part = await self._runner.submit("part", {})
            await self._runner.wait(part)


class Whole(Workflow):
    kind = "whole"


class Part(Workflow):
    kind = "part"


class Quick(Step):
    name, title = "quick", "Being quick"

    async def do(self, run: Run) -> None:
        await run.log("Done.")


async def asked_for(store: Store) -> tuple[JobRoutes, str]:
    runner = Runner(store)
    runner.register(Whole([Asks(Tracking(store), runner)]))
    runner.register(Part([Quick()]))
    job_id = await runner.submit("whole", {"part": True}, correlation_id="request-7")
    await runner.wait(job_id)
    return routes(store, runner), job_id


async def test_one_correlation_id_leads_through_a_job_its_parts_its_logs_and_cloudstack(store: Store) -> None:
    api, job_id = await asked_for(store)
    whole = await api.job(job_id)
    [part] = whole.children
    assert ((await api.job(part.id)).parent_job_id, part.kind, part.status) == (job_id, "part", "completed")
    known = {
        whole.correlation_id,
        (await api.job(part.id)).correlation_id,
        whole.cloudstack_jobs[0].correlation_id,
        *(line.correlation for line in [*await api.job_log(job_id), *await api.job_log(part.id)]),
    }
    assert known == {"request-7"}


async def test_a_job_names_its_cloudstack_jobs_and_is_found_by_the_ids_that_others_know(store: Store) -> None:
    api, job_id = await asked_for(store)
    page = await api.job(job_id)
    assert [(one.id, one.command, one.operation, one.status) for one in page.cloudstack_jobs] == [
        ("cs-1", "attachVolume", "attach", "done")
    ]
    assert [(one.id, one.system) for one in page.external_ids] == [("cs-1", "cloudstack"), ("far-1", "copy")]
    assert [(await api.job_by_external(one)).id for one in ("cs-1", "far-1")] == [job_id, job_id]
    with pytest.raises(Fault) as refused:
        await api.job_by_external("unheard-of")
    assert refused.value.status == 404


async def test_a_job_of_its_own_is_correlated_with_itself(store: Store) -> None:
    runner = Runner(store, [Part([Quick()])])
    one, other = [await runner.wait(await runner.submit("part", {})) for _ in range(2)]
    assert (one.correlation_id, other.correlation_id, one.parent_job_id) == (one.id, other.id, None)


async def test_what_a_job_left_behind_in_memory_is_no_part_of_it(store: Store) -> None:
    runner, later = Runner(store), list[asyncio.Task[str]]()
    go = asyncio.Event()

    class Leaves(Step):
        name, title = "leave", "Leaving something behind"

        async def do(self, run: Run) -> None:
            async def submit() -> str:
                await go.wait()
                return await runner.submit("part", {})

            later.append(asyncio.create_task(submit()))

    runner.register(Whole([Leaves()]))
    runner.register(Part([Quick()]))
    await runner.wait(await runner.submit("whole", {}))
    go.set()
    stranger = await runner.wait(await later[0])
    assert (stranger.parent_job_id, stranger.correlation_id) == (None, stranger.id)


async def test_the_log_of_a_job_comes_with_its_newest_lines(store: Store) -> None:
    runner = Runner(store)

    class Says(Step):
        name, title = "say", "Saying"

        async def do(self, run: Run) -> None:
            for n in range(5):
                await run.log(f"line {n}")

    runner.register(Part([Says()]))
    job_id = await runner.submit("part", {})
    await runner.wait(job_id)
    assert [one.message for one in await routes(store, runner).job_log(job_id, limit=2)] == ["line 3", "line 4"]


async def test_the_appliance_at_the_source_works_under_the_same_correlation_id(store: Store, tmp_path: Path) -> None:
    runner = Runner(store)
    deps = TransferDeps(Logins(), {}, cast(Any, None), Children(tmp_path), tmp_path)
    flow = Transfer(deps)
    flow.steps = (Quick(),)
    runner.register(flow)
    access = {"host": "vc", "username": "u", "password": "p", "fingerprint": "f"}
    asked = {"job_id": "job-7", "correlation_id": "request-7", "vm": "vm-1", "vm_name": "web", "access": access, "disks": []}
    await VmaPeerRoutes(runner, deps).replicate(Replicate.model_validate(asked))
    await runner.wait("job-7")
    [line] = await routes(store, runner).job_log("job-7")
    assert ((await runner.get("job-7")).correlation_id, line.correlation) == ("request-7", "request-7")
