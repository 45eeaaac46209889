"""A release on trial: what ends the trial, and what waits for its end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from appliance.agent.upgrade import trial as module
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.agent.upgrade.trial import Trial
from appliance.agent.upgrade.wellness import Seen
from appliance.contract.client import UNREACHABLE
from appliance.contract.status import Health, Part

STATE = State(Phase.TRIAL, "0.1.0", "0.2.0", "job-1", "2026-11-21T07:00:00+00:00", until=100.0, boot="b1", starts=1)
WELL = Seen(Health(state="ok", parts={"database": Part(state="ok")}), [])
ILL = Seen(Health(state="failed", parts={"database": Part(state="failed", detail="It is damaged.")}), [])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.0)


def saying(*answers: Seen | None) -> Callable[[], Awaitable[Seen]]:
    """Health that is asked for: these in a row, the last one again and again; None is an API that does not answer."""
    row: Iterator[Seen | None] = iter(answers)

    async def ask() -> Seen:
        found = next(row, answers[-1])
        if found is None:
            raise UNREACHABLE()
        return found

    return ask


class Clock:
    """Time that passes by itself, a second with each look."""

    now = 10.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


async def watched(folder: Path, *answers: Seen | None) -> tuple[Trial, State, bool]:
    """The trial after it was watched, the state on disk, and whether the agent was told to leave."""
    left = asyncio.Event()
    trial = Trial(STATE, folder, Clock())
    StateFile(folder).write(STATE)
    await trial.watch(saying(*answers), left.set)
    found = StateFile(folder).read()
    assert found is not None
    return trial, found, left.is_set()


@pytest.mark.parametrize("answers", [(WELL,), (None, ILL, WELL), (WELL, WELL, ILL, WELL)], ids=["well", "well later", "well again"])
async def test_a_release_that_is_well_for_a_while_is_kept(tmp_path: Path, answers: tuple[Seen | None, ...]) -> None:
    trial, found, left = await watched(tmp_path, *answers)
    assert trial.over.is_set() and found.phase is Phase.KEPT and not left


@pytest.mark.parametrize(("answers", "problem"), [((ILL,), "database: It is damaged."), ((None,), UNREACHABLE.message)])
async def test_a_release_that_is_not_well_in_time_leaves_and_says_why(tmp_path: Path, answers: tuple[Seen | None], problem: str) -> None:
    trial, found, left = await watched(tmp_path, *answers)
    assert left and not trial.over.is_set() and (found.phase, found.problem) == (Phase.TRIAL, problem)


async def test_what_changes_something_waits_for_the_end_of_the_trial_and_what_reads_does_not(tmp_path: Path) -> None:
    trial, served = Trial(STATE, tmp_path), []

    async def serve(request: web.Request) -> web.Response:
        served.append(request.method)
        return web.Response()

    app = trial.holding(web.Application())
    app.router.add_route("*", "/", serve)
    async with TestClient(TestServer(app)) as client:
        changing = asyncio.create_task(client.post("/"))
        assert (await client.get("/")).status == 200
        assert served == ["GET"] and not changing.done()
        trial.over.set()
        assert (await changing).status == 200


async def test_jobs_are_taken_up_after_a_trial_only_and_at_once_without_one(tmp_path: Path) -> None:
    taken_up: list[str] = []

    async def take_up() -> None:
        taken_up.append("jobs")

    async with Trial().followed_by(take_up):
        assert taken_up == ["jobs"]
    async with Trial(STATE, tmp_path).followed_by(take_up):
        await asyncio.sleep(0)
    assert taken_up == ["jobs"]


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_what_is_looked_at_besides_begins_the_while_anew(tmp_path: Path, failing: int) -> None:
    looks: list[float] = []

    async def look() -> None:
        looks.append(clock.now)
        if len(looks) == failing:
            raise RuntimeError("the new release has a mistake")

    clock = Clock()
    trial = Trial(STATE, tmp_path, clock)
    trial.look_at(look)
    await trial.watch(saying(WELL), lambda: None)
    assert trial.over.is_set() and clock.now - looks[failing] >= module.WELL_FOR


async def test_what_waited_for_the_end_of_the_trial_and_fails_is_told(tmp_path: Path) -> None:
    async def fail() -> None:
        raise UNREACHABLE()

    trial = Trial(STATE, tmp_path)
    async with trial.followed_by(fail):
        assert not trial.failure
        trial.over.set()
        await asyncio.sleep(0.01)
    assert trial.failure == UNREACHABLE.message
