"""The list of jobs: whose they are, how they get on, and how one is started again."""

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from console_records import cycle, job, keep, statements, vm

from appliance.agent.http.jobs import JobRoutes
from appliance.contract.errors import CATALOGUE, Fault, fault
from appliance.contract.jobs import Pace
from appliance.core.jobs import Job, Run, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.failover import requests
from appliance.failover.deps import FailoverDeps
from appliance.replication.pace import board_paces, cycle_paces
from appliance.replication.protect import Protection
from appliance.replication.steps import CycleDeps
from appliance.replication.transfer.board import Board
from appliance.replication.verify.limits import VerifyLimits

GIVES_WAY = CATALOGUE.get("test.gives_way") or fault("test.gives_way", 409, "It gave way.", "Hold it.")


class Give(Step):
    name, title = "give", "Giving way"

    async def do(self, run: Run) -> None:
        if run.params["fails"]:
            raise GIVES_WAY()


class Toy(Workflow):
    kind = "toy"

    def __init__(self) -> None:
        super().__init__([Give()])


def routes(store: Store, runner: Runner | None = None) -> JobRoutes:
    return JobRoutes(store, runner or Runner(store), cycle_paces)


async def test_a_job_is_named_by_its_vm_as_that_is_called_now(store: Store) -> None:
    gone = job("job-2", minute=2, vm_context_id="ctx-gone", params={"vm_name": "as it was"})
    await keep(store, vm(1), job("job-1", minute=1, vm_context_id="ctx-0001", params={"vm_name": "old"}), gone, job("job-3", minute=3))
    assert [(one.id, one.vm_name) for one in await routes(store).jobs()] == [("job-3", ""), ("job-2", "as it was"), ("job-1", "vm-0001")]


@pytest.mark.parametrize(
    ("status", "rate", "eta"), [("running", 10.0, 6), ("waiting", 0.0, None), ("undoing", 0.0, None), ("failed", 0.0, None)]
)
async def test_the_pace_of_a_cycle_has_a_rate_only_while_bytes_move(store: Store, status: str, rate: float, eta: int | None) -> None:
    await keep(store, vm(1), job("job-1", status, vm_context_id="ctx-0001"), cycle("job-1", "ctx-0001"))
    expected = Pace(done_bytes=40, total_bytes=100, skipped_bytes=900, rate_bps=rate, eta_seconds=eta)
    assert (await routes(store).job("job-1")).pace == expected


async def test_what_moves_no_data_has_no_pace(store: Store) -> None:
    nothing = cycle("job-2", "ctx-0001", total_bytes=0, bytes_skipped=0)
    await keep(store, vm(1), job("job-1", "running", kind="cleanup"), job("job-2", "running"), nothing)
    assert [one.pace for one in await routes(store).jobs()] == [None, None]


async def test_a_copy_at_the_source_has_the_pace_of_its_board(store: Store) -> None:
    board = Board("job-1", ["disk-2000", "disk-2001"])
    for gauge in board.disks.values():
        gauge.begin("full", "", 100, 5)
    board.disks["disk-2000"].count(60, 50, 0)
    await keep(store, job("job-1", "running", kind="copy"), job("job-0", "completed", kind="copy"))
    found = await JobRoutes(store, Runner(store), partial(board_paces, {"job-1": board})).jobs()
    assert {one.id: one.pace for one in found} == {
        "job-1": Pace(done_bytes=60, total_bytes=200, skipped_bytes=10, rate_bps=0, eta_seconds=None),
        "job-0": None,
    }


@pytest.mark.parametrize(
    ("active", "shown"), [(None, ["d", "c", "b", "a"]), (True, ["b", "a"]), (False, ["d", "c"])], ids=["all", "active", "ended"]
)
async def test_jobs_are_asked_for_by_whether_they_have_ended(store: Store, active: bool | None, shown: list[str]) -> None:
    await keep(
        store,
        *(
            job(one, status, minute=n)
            for n, (one, status) in enumerate(zip("abcd", ("pending", "undoing", "failed", "completed"), strict=True))
        ),
    )
    assert [one.id for one in await routes(store).jobs(active=active)] == shown


async def test_a_page_of_jobs_takes_as_many_questions_as_one_job(store: Store) -> None:
    rows = [(vm(n), job(f"job-{n:04}", "running", vm_context_id=f"ctx-{n:04}"), cycle(f"job-{n:04}", f"ctx-{n:04}")) for n in range(300)]
    await keep(store, *(one for row in rows for one in row))
    with statements(store) as few:
        await routes(store).jobs(limit=2)
    with statements(store) as many:
        assert len(await routes(store).jobs(limit=300)) == 300
    assert len(many) == len(few) <= 4


async def test_a_failed_job_is_started_again_as_a_new_one_and_stays_as_it_was(store: Store) -> None:
    runner = Runner(store)

    async def again(old: Job) -> str:
        return await runner.submit(old.kind, old.params | {"fails": False})

    runner.register(Toy(), again)
    failed = await runner.wait(await runner.submit("toy", {"fails": True}))
    new = (await routes(store, runner).retry_job(failed.id)).job_id
    assert new != failed.id and (await runner.wait(new)).status == "completed"
    assert (await runner.get(failed.id)).revision == failed.revision


@pytest.mark.parametrize(
    ("status", "kind", "key"),
    [
        ("running", "toy", "job.not_ended"),
        ("undoing", "toy", "job.not_ended"),
        ("completed", "toy", "job.succeeded"),
        ("failed", "copy", "job.not_repeatable"),
        ("cancelled", "copy", "job.not_repeatable"),
    ],
)
async def test_what_cannot_be_started_again_says_so(store: Store, status: str, kind: str, key: str) -> None:
    await keep(store, job("job-1", status, kind=kind))
    runner = Runner(store)
    runner.register(Toy())
    with pytest.raises(Fault) as refused:
        await routes(store, runner).retry_job("job-1")
    assert (refused.value.status, refused.value.key) == (409, key)
    assert "Title of job-1" in refused.value.message and refused.value.guidance


async def test_a_cycle_is_started_again_with_its_configuration_and_its_wish_for_a_quiet_guest(store: Store) -> None:
    asked: list[tuple[object, ...]] = []

    async def choose(config_id: int | None) -> tuple[object, object]:
        config = SimpleNamespace(id=config_id, ready_for_volumes=lambda: config)
        return config, SimpleNamespace(why="given")

    async def submit(kind: str, params: dict[str, Any], **more: Any) -> str:
        asked.append((kind, params["config_id"], params["quiesce"], params["parent_job_id"], more["vm_context_id"]))
        return "job-new"

    deps = SimpleNamespace(store=store, configs=SimpleNamespace(choose=choose), limits=VerifyLimits)
    protection = Protection(cast(CycleDeps, deps), cast(Runner, SimpleNamespace(submit=submit)))
    params = {"context_id": "ctx-0001", "vm_name": "vm-0001", "config_id": 7, "quiesce": True, "parent_job_id": None}
    await keep(store, vm(1))
    assert await protection.again(job("job-1", "failed", params=params)) == "job-new"
    assert asked == [("replication", 7, True, None, "ctx-0001")]


async def test_the_last_cycle_of_a_failover_is_not_started_by_itself(store: Store) -> None:
    protection = Protection(cast(CycleDeps, None), Runner(store))
    with pytest.raises(Fault) as refused:
        await protection.again(job("job-1", "failed", params={"parent_job_id": "job-0", "vm_name": "web"}))
    assert refused.value.key == "replication.part_of_failover" and "live failover" in refused.value.guidance


@pytest.mark.parametrize(
    ("kind", "params", "started", "body"),
    [
        (
            "test_failover",
            {"network_mappings": {"VM Network": "net-1", "": "net-2"}, "preparation": "skip"},
            "start_test",
            {"vm": "ctx-1", "networks": {"VM Network": "net-1"}, "network_id": "net-2", "preparation": "skip"},
        ),
        (
            "live_failover",
            {"network_mappings": {"VM Network": "net-1"}, "preparation": "auto", "shutdown_seconds": 7},
            "start_live",
            {"vm": "ctx-1", "networks": {"VM Network": "net-1"}, "network_id": None, "preparation": "auto", "shutdown_seconds": 7},
        ),
        ("rollback", {"power_on_source": True, "failover_job_id": "x"}, "start_rollback", {"vm": "ctx-1", "power_on_source": True}),
        ("finalise", {"failover_job_id": "x"}, "start_finalise", {"vm": "ctx-1"}),
        ("cleanup", {"failover_job_id": "x"}, "start_cleanup", "ctx-1"),
        (
            "failed_cleanup",
            {"discard_new_vm": True, "power_on_source": False},
            "start_failed_cleanup",
            {"discard_new_vm": True, "power_on_source": False},
        ),
    ],
)
async def test_a_failover_is_asked_for_again_by_the_request_that_it_came_from(
    monkeypatch: pytest.MonkeyPatch, kind: str, params: dict[str, Any], started: str, body: object
) -> None:
    asked: list[Any] = []

    async def start(_: FailoverDeps, *bodies: Any) -> object:
        asked.append(bodies[-1] if isinstance(bodies[-1], str) else bodies[-1].model_dump(mode="json"))
        return SimpleNamespace(job_id="job-new")

    monkeypatch.setattr(requests, started, start)
    again = await requests.again(cast(FailoverDeps, None), job("job-1", "failed", kind=kind, vm_context_id="ctx-1", params=params))
    assert (again, asked) == ("job-new", [body])
