"""What the base system and the agents of both releases do at every moment of an upgrade, by table: a power cut may come after each."""

import asyncio
import errno
import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest

from appliance.agent.upgrade.state import Phase, State, StateFile, Task, task

OLD, NEW = "0.1.0", "0.2.0"
BOTH = {OLD, NEW}
SELECT = Path(__file__).parents[2] / "systemd/root/usr/lib/appliance/select_release.py"


def program() -> ModuleType:
    """The base system's program, which is in no package."""
    spec = importlib.util.spec_from_file_location("select_release", SELECT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


base = program()


def state(phase: Phase, **changes: object) -> State:
    return State(
        **{"phase": phase, "from_version": OLD, "to_version": NEW, "job_id": "job-1", "begun_at": "2026-11-21T07:00:00+00:00", **changes}
    )  # type: ignore[arg-type]


def on_trial(**changes: object) -> dict[str, object]:
    return {**asdict(state(Phase.TRIAL, boot="b1", until=220.0, starts=1)), **changes}


@pytest.mark.parametrize(
    ("phase", "version", "has_backup", "expected"),
    [
        (Phase.ORDERED, OLD, False, Task.BACK_UP),
        (Phase.ORDERED, OLD, True, Task.BACK_UP),
        (Phase.ORDERED, NEW, True, Task.REFUSE),
        (Phase.BACKED_UP, OLD, True, Task.GIVE_UP),
        (Phase.BACKED_UP, NEW, True, Task.REFUSE),
        (Phase.TRIAL, NEW, True, Task.TRY),
        (Phase.TRIAL, NEW, False, Task.REFUSE),
        (Phase.TRIAL, OLD, True, Task.RESTORE),
        (Phase.TRIAL, OLD, False, Task.GIVE_UP),
        (Phase.RETURNING, OLD, True, Task.RESTORE),
        (Phase.RETURNING, OLD, False, Task.GIVE_UP),
        (Phase.RETURNING, NEW, True, Task.REFUSE),
        (Phase.TRIAL, "0.1.7", True, Task.GIVE_UP),
        (Phase.KEPT, NEW, True, Task.NOTHING),
        (Phase.KEPT, OLD, True, Task.NOTHING),
        (Phase.RETURNED, OLD, True, Task.NOTHING),
    ],
)
def test_what_an_agent_does_before_it_opens_its_records(phase: Phase, version: str, has_backup: bool, expected: Task) -> None:
    assert task(state(phase), version, has_backup=has_backup) is expected


def test_an_agent_without_an_upgrade_does_nothing() -> None:
    assert task(None, OLD, has_backup=False) is Task.NOTHING


@pytest.mark.parametrize(
    ("phase", "starts"),
    [(Phase.ORDERED, OLD), (Phase.BACKED_UP, OLD), (Phase.TRIAL, NEW), (Phase.KEPT, NEW), (Phase.RETURNING, OLD), (Phase.RETURNED, OLD)],
)
def test_each_phase_belongs_to_one_release(phase: Phase, starts: str) -> None:
    assert base.chosen(asdict(state(phase))) == starts


def test_a_release_that_is_ready_goes_on_trial_for_two_minutes() -> None:
    found = base.decide(asdict(state(Phase.BACKED_UP)), "b1", 100.0, BOTH)
    assert found == on_trial()


@pytest.mark.parametrize(
    ("now", "boot", "starts", "phase", "reason"),
    [
        (101.0, "b1", 1, "trial", ""),
        (219.9, "b1", 2, "trial", ""),
        (220.0, "b1", 1, "returning", base.TOO_LATE),
        (9000.0, "b1", 1, "returning", base.TOO_LATE),
        (101.0, "b1", 3, "returning", base.TOO_OFTEN),
        (5.0, "b2", 1, "trial", ""),
        (9000.0, "b2", 1, "trial", ""),
        (5.0, "b2", 3, "returning", base.TOO_OFTEN),
    ],
)
def test_a_trial_goes_on_until_its_time_or_its_starts_are_over(now: float, boot: str, starts: int, phase: str, reason: str) -> None:
    found = base.decide(on_trial(starts=starts), boot, now, BOTH)
    assert (found["phase"], found["reason"]) == (phase, reason)
    if phase == "trial":
        assert found["starts"] == starts + 1 and found["until"] == (220.0 if boot == "b1" else now + 120)


def test_a_release_whose_files_are_gone_is_given_up_or_never_tried() -> None:
    assert base.decide(on_trial(), "b1", 101.0, {OLD})["reason"] == base.GONE
    assert base.decide(asdict(state(Phase.BACKED_UP)), "b1", 101.0, {OLD})["phase"] == "backed_up"


def test_a_release_on_trial_stays_where_the_former_one_is_gone() -> None:
    assert base.decide(on_trial(), "b1", 9000.0, {NEW})["phase"] == "trial"


@pytest.mark.parametrize("phase", [Phase.ORDERED, Phase.KEPT, Phase.RETURNING, Phase.RETURNED])
def test_all_other_phases_are_the_agents(phase: Phase) -> None:
    assert base.decide(asdict(state(phase)), "b1", 5.0, BOTH) == asdict(state(phase))


class Disk:
    """An appliance's disk with both releases, the old one in use."""

    def __init__(self, folder: Path) -> None:
        self.home, self.file = folder / "opt", StateFile(folder / "state")
        self.path = folder / "state/state.json"
        for version in BOTH:
            (self.home / "releases" / version / "lib").mkdir(parents=True)
        (self.home / "current").symlink_to(f"releases/{OLD}")

    def start(self, boot: str = "b1", now: float = 100.0) -> str:
        """What the base system does before a start; the release that is started then."""
        base.select(self.path, self.home, boot, now)
        return (self.home / "current").readlink().name


def test_the_link_follows_the_state_over_a_whole_upgrade(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.file.write(state(Phase.ORDERED))
    assert disk.start() == OLD
    disk.file.write(state(Phase.BACKED_UP))
    assert disk.start() == NEW
    read = disk.file.read()
    assert read is not None and (read.phase, read.starts, read.job_id) == (Phase.TRIAL, 1, "job-1")
    disk.file.write(read.now(Phase.KEPT))
    assert disk.start(now=9000.0) == NEW


def test_a_trial_ends_on_a_full_disk_and_none_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    disk.file.write(state(Phase.BACKED_UP))
    with monkeypatch.context() as now:
        now.setattr(base.os, "fchmod", full)
        with pytest.raises(OSError, match="No space"):
            disk.start()
    assert (disk.home / "current").readlink().name == OLD
    assert disk.start() == NEW
    monkeypatch.setattr(base.os, "fchmod", full)
    assert disk.start(now=9000.0) == OLD
    read = disk.file.read()
    assert read is not None and (read.phase, read.reason) == (Phase.RETURNING, base.TOO_LATE)


def test_a_power_cut_between_the_record_and_the_link_is_made_good_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path)
    disk.file.write(state(Phase.BACKED_UP))
    with monkeypatch.context() as cut:
        cut.setattr(base, "link", lambda *_: None)
        assert disk.start() == OLD
    assert disk.start("b2", 5.0) == NEW
    disk.path.write_text(json.dumps(on_trial(starts=3)))
    with monkeypatch.context() as cut:
        cut.setattr(base, "link", lambda *_: None)
        assert disk.start("b3", 5.0) == NEW
    assert disk.start("b4", 5.0) == OLD


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"phase": "trial"}', '{"from_version": "../../etc", "to_version": "1.0.0"}'])
def test_a_record_that_can_not_be_used_leaves_the_release_as_it_is(tmp_path: Path, content: str) -> None:
    disk = Disk(tmp_path)
    disk.path.parent.mkdir()
    disk.path.write_text(content)
    assert disk.start() == OLD
    assert disk.file.read() is None


@pytest.fixture
async def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Disk, asyncio.Task[None], Path]]:
    """A watch over a trial; each time that it ends the release, a line is written."""
    disk, ends = Disk(tmp_path), tmp_path / "ends"
    ends.touch()
    for name in ("LOOK", "AGAIN"):
        monkeypatch.setattr(base, name, 0.01)
    disk.file.write(state(Phase.TRIAL, boot="b1", until=1e9))
    task = asyncio.create_task(asyncio.to_thread(base.watch, disk.path, "b1", ["sh", "-c", f"echo ended >> {ends}"]))
    yield disk, task, ends
    disk.path.unlink(missing_ok=True)
    await task


async def ended_times(ends: Path, count: int) -> None:
    while len(ends.read_text().splitlines()) < count:
        await asyncio.sleep(0.01)


async def test_a_watch_outlives_a_record_that_is_half_written(watching: tuple[Disk, asyncio.Task[None], Path]) -> None:
    disk, task, ends = watching
    disk.path.write_text('{"phase": "tr')
    await asyncio.sleep(0.2)
    assert not task.done()
    disk.path.write_text(json.dumps(on_trial(until=-100.0)))
    await ended_times(ends, 1)


async def test_a_release_that_does_not_end_is_ended_again(watching: tuple[Disk, asyncio.Task[None], Path]) -> None:
    disk, task, ends = watching
    disk.path.write_text(json.dumps(on_trial(until=-100.0)))
    await ended_times(ends, 2)
    disk.path.write_text(json.dumps(asdict(state(Phase.RETURNING))))
    await task


async def test_a_watch_ends_with_the_record(watching: tuple[Disk, asyncio.Task[None], Path]) -> None:
    disk, task, ends = watching
    disk.path.unlink()
    await task
    assert not ends.read_text()


def test_a_watch_that_is_broken_off_says_so_and_a_choice_never_does(tmp_path: Path) -> None:
    select = [sys.executable, "-I", str(SELECT), f"--boot-id={tmp_path}/none"]
    assert subprocess.run([*select, "watch", "true"], check=False).returncode == 1
    assert subprocess.run(select, check=False).returncode == 0
