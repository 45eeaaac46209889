"""What a run has made is on record, so that the next one can remove it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.core.commands import start_time
from appliance.demo.ledger import Ledger, Recorded, undo


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger.of(tmp_path)
    yield made
    made.path.unlink(missing_ok=True)
    if made.run_dir.exists():
        made.run_dir.rmdir()


def recorded(process: subprocess.Popen[bytes], name: str = "vma") -> Recorded:
    return Recorded(name, process.pid, start_time(process.pid) or 0)


def test_the_next_run_reads_what_the_last_one_made(ledger: Ledger, sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    ledger.claim("run")
    ledger.namespaces, ledger.processes = ["demo-0-source"], [recorded(sleeper)]
    ledger.save()
    later = Ledger.of(tmp_path)
    assert (later.namespaces, later.processes, later.owner) == (ledger.namespaces, ledger.processes, ledger.owner)


def test_two_folders_have_two_ledgers(ledger: Ledger, tmp_path: Path) -> None:
    assert Ledger.of(tmp_path / "other").run_dir != ledger.run_dir


def test_socket_paths_below_the_run_folder_are_short_enough(ledger: Ledger) -> None:
    peer = "0123456789abcdef" * 2
    assert len(str(ledger.run_dir / "oma" / "peers" / peer / "vma.sock")) < 100


async def test_undoing_ends_recorded_processes_and_removes_the_run_folder(ledger: Ledger, sleeper: subprocess.Popen[bytes]) -> None:
    ledger.claim("run")
    ledger.processes = [recorded(sleeper)]
    await undo(ledger)
    assert sleeper.wait(5) < 0
    assert not ledger.run_dir.exists()


async def test_a_process_that_got_the_number_of_an_ended_one_is_left_alone(ledger: Ledger, sleeper: subprocess.Popen[bytes]) -> None:
    ledger.claim("run")
    ledger.processes = [Recorded("vma", sleeper.pid, 1)]
    await undo(ledger)
    assert sleeper.poll() is None


def test_a_folder_whose_owner_lives_is_occupied(ledger: Ledger, sleeper: subprocess.Popen[bytes]) -> None:
    ledger.owner = recorded(sleeper, "demo")
    assert "running already" in ledger.occupied_by


def test_a_lab_that_runs_has_to_be_stopped_first(ledger: Ledger, sleeper: subprocess.Popen[bytes]) -> None:
    ledger.kind, ledger.owner, ledger.processes = "lab", Recorded("demo", 1, -1), [recorded(sleeper)]
    assert "demo stop" in ledger.occupied_by


def test_what_a_killed_run_left_does_not_occupy_the_folder(ledger: Ledger) -> None:
    ledger.owner, ledger.processes = Recorded("demo", 1, -1), [Recorded("vma", 1, -1)]
    assert ledger.occupied_by == ""
