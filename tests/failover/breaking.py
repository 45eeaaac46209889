"""Failovers that are broken off at a chosen place, the one action that the operator has, and what is true after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from failover_world import CONTEXT, World
from halting import halt

from appliance.contexts import VmState
from appliance.contract.failover import StartFailedCleanup, StartTest
from appliance.contract.types import JobRef
from appliance.core.jobs import Job, StepStatus, Workflow, log
from appliance.failover import requests, workflows
from appliance.replication.cycle import _task as next_task

MOMENTS = ("before", "done", "recorded")
"""It hangs before its work; the agent is killed after it, before it is on record; and after that."""

ONE_DISK = pytest.mark.parametrize("world", [1], indirect=True, ids=[""])
"""What happens between two disks is the same in all kinds; one is faster."""
Broken = workflows.Failover | workflows.WayBack


def cases(kind: Callable[[Any], Workflow]) -> pytest.MarkDecorator:
    """Every step of a kind, broken off at every moment."""
    every = [(step.name, when) for step in kind(None).steps for when in MOMENTS]
    return pytest.mark.parametrize(("name", "when"), every, ids=[f"{name}-{when}" for name, when in every])


def a_test(world: World) -> StartTest:
    return StartTest(**world.asked())


async def break_off(world: World, flow: Broken, name: str, when: str, start: Callable[[], Awaitable[JobRef]]) -> None:
    """Start a job that hangs at this step. Unless it is broken off before its work, its agent is killed, and nobody takes it up."""
    halted = halt(world, flow, name, "before" if when == "before" else "after")
    job_id = (await start()).job_id
    await halted.is_reached()
    if when == "before":
        world.deps.runner.register(type(flow)(world.deps))  # what is asked for next does not hang
        return
    await world.close()
    if when == "recorded":
        async with world.store.begin() as session:
            log.mark(await log.load(session, job_id), name, StepStatus.COMPLETED)
    await world.open()


async def one_action(world: World, **more: bool) -> Job:
    """The one thing that the operator does."""
    started = await requests.start_failed_cleanup(world.deps, "web", StartFailedCleanup(**more))
    job = await world.ends(started.job_id)
    assert (job.status, job.error) == ("completed", None)
    return job


async def all_is_back(world: World) -> None:
    """The VM is ready, its volumes are this appliance's, nothing is left, and the next sync copies only what changed."""
    assert await world.is_as_before() == []
    context = await world.context()
    assert (context.context_id, context.current_status, context.torn_since) == (CONTEXT, VmState.READY, None)
    tasks = [next_task(disk, context.consistent_point or {}) for disk in world.source.spec.disks]
    assert [one.disk_id for one in tasks if one.previous_change_id] == list(world.disks)
    assert not await world.unfinished()
