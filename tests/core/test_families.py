"""Programs that start programs end as a whole, whoever is killed first."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from appliance.core import families
from appliance.core.commands import Children

NESTED = ["sh", "-c", "sleep 300 & echo $! ; exec sleep 300"]
LEFT = ["sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"]


async def spawned(children: Children, argv: list[str]) -> tuple[int, int]:
    """The pids of a program and of what it started."""
    child = await children.spawn("job/1/", argv, stdout=asyncio.subprocess.PIPE, family=True)
    assert child.process.stdout is not None
    return child.pid, int(await child.process.stdout.readline())


def gone(pid: int) -> bool:
    return families.start_time(pid) is None


async def test_whatever_a_program_started_ends_with_it(tmp_path: Path) -> None:
    children = Children(tmp_path)
    leader, follower = await spawned(children, NESTED)
    assert not gone(follower)
    assert await children.end("job/1/") == 1
    assert gone(leader) and gone(follower)


async def test_a_later_agent_finds_the_family_of_a_program_that_ended_without_it(tmp_path: Path) -> None:
    leader, follower = await spawned(Children(tmp_path), NESTED)
    os.kill(leader, signal.SIGKILL)
    while not gone(leader):
        await asyncio.sleep(0.01)
    later = Children(tmp_path)
    assert later.owners() == {"job/1/"} and later.living("job/1/") == [leader]
    assert await later.end("job/1/") == 1
    assert gone(follower) and later.owners() == set()


async def test_what_a_program_leaves_behind_at_its_end_is_killed(tmp_path: Path) -> None:
    children = Children(tmp_path)
    child = await children.spawn("job/1/", LEFT, stdout=asyncio.subprocess.PIPE, family=True)
    assert child.process.stdout is not None
    follower = int(await child.process.stdout.readline())
    assert await child.wait() == 0
    assert gone(follower) and not list(tmp_path.iterdir())


async def test_a_number_that_was_given_to_another_program_is_left_alone(tmp_path: Path) -> None:
    children = Children(tmp_path)
    leader, follower = await spawned(children, NESTED)
    started = families.start_time(leader)
    assert started is not None
    assert families.members(leader, started - 1) == [] and set(families.members(leader, started)) == {leader, follower}
    await children.end("")


async def test_what_is_left_behind_is_killed_though_it_holds_the_programs_pipe(tmp_path: Path) -> None:
    child = await Children(tmp_path).spawn("job/1/", ["sh", "-c", "sleep 300 &"], stdout=asyncio.subprocess.PIPE, family=True)
    async with asyncio.timeout(60):
        assert await child.wait() == 0


@pytest.mark.parametrize("number", [0, 2**22 + 1])
def test_who_is_not_there_has_no_family(number: int) -> None:
    assert families.members(number, 10**12) == []
