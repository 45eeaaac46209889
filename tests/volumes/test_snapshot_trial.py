"""The trial of snapshots tells what a cloud really does, and leaves nothing there however it ends."""

import asyncio

import pytest
from volume_site import Site

from appliance.contract.errors import Fault
from appliance.core.jobs import Job, JobStatus, Run, Runner, Step
from appliance.volumes.facade import Volumes
from appliance.volumes.trial import KIND, SnapshotTrial

COMMANDS = ("createVolume", "attachVolume", "detachVolume", "createSnapshot", "revertSnapshot", "deleteSnapshot", "deleteVolume")
STEPS = [step.name for step in SnapshotTrial(None, None).steps]  # type: ignore[arg-type]


def runner_of(site: Site, volumes: Volumes) -> Runner:
    made = Runner(site.store)
    made.register(SnapshotTrial(volumes, site.configs))
    return made


async def started(site: Site, runner: Runner) -> str:
    return await runner.submit(KIND, {"config_id": site.config.id, "name": site.config.name})


async def tried(site: Site, volumes: Volumes) -> Job:
    runner = runner_of(site, volumes)
    return await runner.wait(await started(site, runner))


def left(site: Site) -> tuple[int, int]:
    world = site.lab.cloud.world
    return len(world.volumes), len(world.snapshots)


async def test_a_trial_goes_through_everything_a_failover_needs_and_is_remembered(site: Site, volumes: Volumes) -> None:
    job = await tried(site, volumes)
    assert job.status == JobStatus.COMPLETED, job.error
    assert set(site.commands()) == set(COMMANDS)
    assert left(site) == (0, 0)
    assert await volumes.all() == []
    outcome = await site.configs.last_trial(site.config.id)
    assert outcome is not None and outcome["ok"] and {"snapshot_seconds", "revert_seconds"} <= outcome.keys()


@pytest.mark.parametrize("command", COMMANDS[:-2])
async def test_a_cloud_that_refuses_a_command_fails_the_trial_which_is_cleaned_up(site: Site, volumes: Volumes, command: str) -> None:
    site.fail("error", command)
    job = await tried(site, volumes)
    assert job.status == JobStatus.FAILED
    assert left(site) == (0, 0)
    outcome = await site.configs.last_trial(site.config.id)
    assert outcome is not None and not outcome["ok"] and outcome["message"].startswith("CloudStack")


async def test_a_revert_that_does_nothing_is_found_out(site: Site, volumes: Volumes) -> None:
    site.lab.cloud.settings.reverts_do_nothing = True
    job = await tried(site, volumes)
    assert job.error is not None and job.error["key"] == "trial.not_taken_back"
    assert left(site) == (0, 0)


@pytest.mark.parametrize("command", ["attachVolume", "revertSnapshot"])
async def test_a_trial_that_is_broken_off_while_the_cloud_works_is_taken_up_again(site: Site, command: str) -> None:
    first = site.restart()
    runner = runner_of(site, first)
    site.lab.cloud.settings.command_seconds = {command: 0.3}
    job_id = await started(site, runner)
    while not site.commands(command):
        await asyncio.sleep(0.005)
    await runner.close()
    site.lab.cloud.settings.command_seconds = {}
    again = site.restart()
    await again.reconcile()
    next_runner = runner_of(site, again)
    await next_runner.recover()
    job = await next_runner.wait(job_id)
    assert job.status == JobStatus.COMPLETED, job.error
    assert left(site) == (0, 0)


class Halting(Step):
    """A step whose agent dies before or after it has done its work."""

    def __init__(self, step: Step, when: str, reached: asyncio.Event) -> None:
        self.name, self.title, self._step, self._when, self._reached = step.name, step.title, step, when, reached

    async def do(self, run: Run) -> None:
        if self._when == "after":
            await self._step.do(run)
        self._reached.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(("when", "ending"), [("before", "goes on"), ("after", "goes on"), ("after", "is cancelled")])
@pytest.mark.parametrize("name", STEPS)
async def test_a_trial_that_died_at_a_step_leaves_nothing(site: Site, name: str, when: str, ending: str) -> None:
    first, reached = site.restart(), asyncio.Event()
    dying, trial = Runner(site.store), SnapshotTrial(first, site.configs)
    trial.steps = tuple(Halting(one, when, reached) if one.name == name else one for one in trial.steps)
    dying.register(trial)
    job_id = await started(site, dying)
    await reached.wait()
    await dying.close()
    again = site.restart()
    await again.reconcile()
    after = runner_of(site, again)
    await (after.cancel(job_id) if ending == "is cancelled" else after.recover())
    job = await after.wait(job_id)
    assert (job.status, left(site)) == ("completed" if ending == "goes on" else "cancelled", (0, 0)), job.error
    assert await again.all() == []


@pytest.mark.parametrize("command", ["createSnapshot", "revertSnapshot"])
async def test_a_cancelled_trial_leaves_nothing_and_no_verdict(site: Site, volumes: Volumes, command: str) -> None:
    runner = runner_of(site, volumes)
    site.lab.cloud.settings.command_seconds = {command: 0.3}
    job_id = await started(site, runner)
    while not site.commands(command):
        await asyncio.sleep(0.005)
    await runner.cancel(job_id)
    assert (await runner.wait(job_id)).status == JobStatus.CANCELLED
    assert left(site) == (0, 0)
    assert await site.configs.last_trial(site.config.id) is None


async def test_what_an_earlier_trial_could_not_remove_goes_with_the_next(site: Site, volumes: Volumes) -> None:
    site.fail("error", "createSnapshot")
    site.fail("error", "deleteVolume", times=1)
    assert (await tried(site, volumes)).status == JobStatus.FAILED
    assert left(site) == (1, 0)
    assert (await tried(site, volumes)).status == JobStatus.COMPLETED
    assert left(site) == (0, 0)


async def test_two_trials_at_once_are_refused(site: Site, volumes: Volumes) -> None:
    runner = runner_of(site, volumes)
    site.lab.cloud.settings.command_seconds = {"createSnapshot": 0.2}
    job_id = await started(site, runner)
    with pytest.raises(Fault) as refused:
        await started(site, runner)
    assert refused.value.key == "trial.runs_already"
    await runner.wait(job_id)


async def test_a_configuration_that_was_deleted_meanwhile_ends_the_trial(site: Site, volumes: Volumes) -> None:
    runner = runner_of(site, volumes)
    job = await runner.wait(await runner.submit(KIND, {"config_id": 77, "name": "gone"}))
    assert job.error is not None and job.error["key"] == "cloudstack.config_unknown"
