"""External programs end when they should, and what an earlier agent left is found again."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from appliance.core.commands import Children, CommandFailed, run, start_time


async def test_a_program_answers() -> None:
    assert (await run(["cat"], input=b"hello")).stdout == b"hello"


async def test_a_failing_program_raises_with_what_it_said() -> None:
    with pytest.raises(CommandFailed, match="ended with 3: oh"):
        await run(["sh", "-c", "echo oh >&2; exit 3"])


async def test_a_program_that_takes_too_long_is_killed() -> None:
    with pytest.raises(TimeoutError):
        await run(["sleep", "60"], timeout=0.1)


async def test_children_end_by_their_owner_and_others_live_on(tmp_path: Path) -> None:
    children = Children(tmp_path / "children")
    one = await children.spawn("disk/a/1", ["sleep", "60"])
    other = await children.spawn("disk/b/1", ["sleep", "60"])
    assert await children.end("disk/a/") == 1
    assert one.returncode is not None and other.returncode is None
    await other.kill()


async def test_what_an_earlier_agent_left_is_killed(tmp_path: Path) -> None:
    children = Children(tmp_path / "children")
    left = await children.spawn("disk/a/1", ["sleep", "60"])
    assert await Children(tmp_path / "children").end("disk/a/") == 1
    assert start_time(left.pid) is None
    await left.wait()


async def test_a_pid_that_was_given_to_another_process_is_left_alone(tmp_path: Path) -> None:
    children = Children(tmp_path / "children")
    stranger = subprocess.Popen(["sleep", "60"])
    (tmp_path / "children" / "x.json").write_text(f'{{"pid": {stranger.pid}, "started": 1, "owner": "disk/a/1"}}')
    await children.end("disk/a/")
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


async def test_termination_has_a_grace_period(tmp_path: Path) -> None:
    child = await Children(tmp_path / "c").spawn("x", ["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"])
    await asyncio.sleep(0.1)
    assert await child.terminate(0.2) == -9
