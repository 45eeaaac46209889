"""How a copy ends when something breaks: one clear error, its own exit code, and only flushed ranges reported done."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mover_rig import MIB, Mover, Servers, equal_there, identical

from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Exit

Start = Callable[..., Mover]


@pytest.fixture
def slow(job: dict[str, Any]) -> dict[str, Any]:
    """The full copy at a rate that leaves time to break it."""
    return {**job, "rate": 4 * MIB, "in_flight": 2, "chunk_bytes": MIB // 4, "flush_bytes": MIB}


def rest(job: dict[str, Any], done: Extents, disk: Path) -> dict[str, Any]:
    return {**job, "read": (Extents.whole(disk.stat().st_size) - done).pairs(), "rate": 0}


def test_a_killed_copy_goes_on_with_what_was_not_done(
    mover: Start, slow: dict[str, Any], servers: Servers, disk: Path, target: Path
) -> None:
    killed = mover(slow)
    killed.hear("done")
    killed.process.kill()
    killed.end()
    assert 0 < killed.done.total < disk.stat().st_size
    assert equal_there(disk, target, killed.done)
    servers.kill("source")
    slow["source"] = {"socket": servers.serve("second", "-r", "file", str(disk))}
    second = mover(rest(slow, killed.done, disk))
    assert second.end() == Exit.FINISHED
    assert identical(disk, target)
    assert not second.done & killed.done


def test_a_lost_target_ends_the_copy_and_what_was_done_is_there(
    mover: Start, slow: dict[str, Any], servers: Servers, disk: Path, target: Path
) -> None:
    copy = mover(slow)
    copy.hear("done")
    servers.kill("target")
    assert copy.end() == Exit.TARGET_LOST
    assert copy.last["kind"] == "target_lost"
    assert equal_there(disk, target, copy.done)


def test_a_lost_source_ends_the_copy_and_what_was_read_is_flushed(
    mover: Start, slow: dict[str, Any], servers: Servers, disk: Path, target: Path
) -> None:
    copy = mover(slow)
    copy.hear("done")
    servers.kill("source")
    assert copy.end() == Exit.SOURCE_LOST
    assert equal_there(disk, target, copy.done)


def test_a_source_error_says_where(mover: Start, job: dict[str, Any], servers: Servers, disk: Path) -> None:
    socket = servers.serve("bad", "--filter=error", "file", str(disk), "error-pread=EIO", "error-pread-rate=1")
    copy = mover({**job, "source": {"socket": socket}, "read": [[16 * MIB, MIB]]})
    assert copy.end() == Exit.SOURCE_ERROR
    assert copy.last == {
        "event": "error",
        "kind": "source_error",
        "message": "the source failed a request",
        "offset": 16 * MIB,
        "errno": errno.EIO,
    }


@pytest.mark.parametrize("call", ["pwrite", "zero"])
def test_a_range_whose_write_failed_is_not_done(mover: Start, job: dict[str, Any], servers: Servers, target: Path, call: str) -> None:
    socket = servers.serve("bad", "--filter=error", "file", str(target), f"error-{call}=ENOSPC", f"error-{call}-rate=1")
    copy = mover({**job, "targets": [{"socket": socket, "plain": True}], "read": [[0, MIB], [5 * MIB, MIB]]})
    assert copy.end() == Exit.TARGET_ERROR
    assert copy.last["errno"] == errno.ENOSPC
    failed = Extents.of([(0, MIB)] if call == "pwrite" else [(5 * MIB, MIB)])
    assert not copy.done & failed


def test_nothing_is_done_when_the_flush_failed(mover: Start, job: dict[str, Any], servers: Servers) -> None:
    scripts = ("get_size=echo 32M", "can_write=exit 0", "can_zero=echo native", "can_flush=exit 0")
    calls = ("pread=exit 1", "pwrite=cat >/dev/null", "zero=exit 0", "flush=echo EIO >&2; exit 1")
    copy = mover({**job, "targets": [{"socket": servers.serve("bad", "eval", *scripts, *calls), "plain": True}]})
    assert copy.end() == Exit.TARGET_ERROR
    assert copy.done == Extents()


def test_another_key_is_refused_before_a_byte_of_data(
    mover: Start, job: dict[str, Any], servers: Servers, tmp_path: Path, target: Path
) -> None:
    (tmp_path / "theirs").write_text(f"session-1:{'ab' * 32}\n")
    (tmp_path / "ours").write_text(f"session-1:{'cd' * 32}\n")
    socket = servers.serve("tls", "--tls=require", f"--tls-psk={tmp_path / 'theirs'}", "file", str(target))
    copy = mover({**job, "targets": [{"socket": socket, "identity": "session-1", "key_file": str(tmp_path / "ours")}]})
    assert copy.end() == Exit.TARGET_LOST
    assert set(target.read_bytes()) == {0xFF}


def test_a_target_that_nobody_serves_is_lost(mover: Start, job: dict[str, Any]) -> None:
    copy = mover({**job, "targets": [{"host": "127.0.0.1", "port": 1, "plain": True}]})
    assert copy.end() == Exit.TARGET_LOST
    assert copy.last["errno"] == errno.ECONNREFUSED


def test_sigterm_stops_reading_and_reports_what_was_written(mover: Start, slow: dict[str, Any], disk: Path, target: Path) -> None:
    copy = mover(slow)
    copy.hear("done")
    copy.process.send_signal(signal.SIGTERM)
    assert copy.end() == Exit.STOPPED
    assert copy.last["event"] == "stopped"
    assert copy.done.total == sum(copy.last[number] for number in ("moved", "zeroed", "skipped"))
    assert equal_there(disk, target, copy.done)


def test_a_closed_pipe_ends_the_process_at_once(mover: Start, slow: dict[str, Any]) -> None:
    copy = mover(slow)
    copy.hear("ready")
    assert copy.process.stdin is not None
    copy.process.stdin.close()
    assert copy.process.wait(5) == Exit.ABANDONED


def test_work_beyond_the_disk_is_refused(mover: Start, job: dict[str, Any], disk: Path, target: Path) -> None:
    copy = mover({**job, "read": [[0, disk.stat().st_size + 1]]})
    assert copy.end() == Exit.REFUSED
    assert "has only" in copy.last["message"]
    assert set(target.read_bytes()) == {0xFF}


def test_a_cut_off_job_is_refused_with_one_event(mover: Start) -> None:
    copy = mover('{"source": {"sock')
    assert copy.end() == Exit.REFUSED
    assert [event["event"] for event in copy.events] == ["error"]


def test_an_order_that_is_wrong_ends_the_copy_after_a_flush(mover: Start, slow: dict[str, Any], disk: Path, target: Path) -> None:
    copy = mover(slow)
    copy.hear("done")
    copy.say({"read": [[0, 1]]})
    assert copy.end() == Exit.REFUSED
    assert "takes none" in copy.last["message"]
    assert equal_there(disk, target, copy.done)
