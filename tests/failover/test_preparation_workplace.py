"""What preparations make on the appliance's disk: all of it goes however they end, except the machine that every one of them needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from failover_world import INSTALLED, script

from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.failover.drivers import Drivers
from appliance.failover.preparation import Preparer
from appliance.failover.workplace import OWNER, Workplace

BUILDS = """m="$LIBGUESTFS_CACHEDIR/.guestfs-0"
mkdir -p "$m/appliance.d.$$" "$m/appliance.d" "$TMPDIR/v2v.x" "$LIBGUESTFS_TMPDIR/libguestfs1"
echo root > "$m/appliance.d.$$/root"; echo overlay > "$LIBGUESTFS_TMPDIR/libguestfs1/overlay"; touch {0}/begun.$$; """


def preparer(folder: Path, body: str, seconds: float = 60.0) -> Preparer:
    program = script(folder / "program", BUILDS.format(folder) + body)
    children = Children(folder / "children")
    return Preparer(children, Workplace(folder / "preparation", children), Drivers(folder / "drivers"), str(program), seconds)


async def begins(one: Preparer, job: str, folder: Path, how_many: int = 1) -> asyncio.Task[None]:
    task = asyncio.create_task(one.prepare(job, "web", [], "bios"))
    async with asyncio.timeout(60):
        while len([*folder.glob("begun.*")]) < how_many:
            await asyncio.sleep(0.01)
    return task


async def ends(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def left(folder: Path) -> set[str]:
    kept = folder / "preparation"
    return {str(path.relative_to(kept)) for path in (*kept.iterdir(), *kept.glob("made/.guestfs-0/*"))} - {"made"}


async def test_of_one_that_was_cancelled_only_what_it_said_and_the_whole_machine_are_left(tmp_path: Path) -> None:
    await ends(await begins(preparer(tmp_path, "sleep 300"), "job-1", tmp_path))
    assert left(tmp_path) == {"job-1.log", "made/.guestfs-0/appliance.d"}


async def test_so_it_is_with_one_that_took_too_long(tmp_path: Path) -> None:
    with pytest.raises(Fault):
        await preparer(tmp_path, "sleep 300", seconds=1).prepare("job-1", "web", [], "bios")
    assert left(tmp_path) == {"job-1.log", "made/.guestfs-0/appliance.d"}


async def test_so_it_is_with_one_that_came_to_its_end(tmp_path: Path) -> None:
    await preparer(tmp_path, INSTALLED).prepare("job-1", "web", [], "bios")
    assert left(tmp_path) == {"job-1.log", "made/.guestfs-0/appliance.d"}


async def test_what_another_one_builds_is_left_to_it(tmp_path: Path) -> None:
    one = preparer(tmp_path, "sleep 300")
    first = await begins(one, "job-1", tmp_path)
    second = await begins(one, "job-2", tmp_path, 2)
    half = [name for name in left(tmp_path) if "appliance.d." in name]
    await ends(first)
    assert {name for name in left(tmp_path) if "appliance.d." in name} == set(half) and len(half) == 2
    assert len([name for name in left(tmp_path) if name.startswith("now-")]) == 1
    await ends(second)
    assert left(tmp_path) == {"job-1.log", "job-2.log", "made/.guestfs-0/appliance.d"}


async def test_an_agent_removes_at_its_start_what_the_one_that_was_killed_left_once_no_program_of_it_runs(tmp_path: Path) -> None:
    folder, children = tmp_path / "preparation", Children(tmp_path / "children")
    for name in ("now-abc", "made/.guestfs-0/appliance.d.xyz", "made/.guestfs-0/appliance.d"):
        (folder / name).mkdir(parents=True)
        (folder / name / "root").write_text("large")
    runs = await children.spawn(f"{OWNER}job-1/", ["sleep", "300"])
    await Workplace(folder, Children(tmp_path / "children")).sweep()
    assert len(left(tmp_path)) == 3
    await runs.kill()
    await Workplace(folder, children).sweep()
    assert left(tmp_path) == {"made/.guestfs-0/appliance.d"}
    assert (folder / "made/.guestfs-0/appliance.d/root").read_text() == "large"
