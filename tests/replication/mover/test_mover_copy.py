"""What arrives at the target, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mover_rig import GRAIN, MIB, Mover, Servers, identical, nonzero_bytes

from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Exit

Start = Callable[..., Mover]


def test_a_full_copy_onto_a_target_full_of_ff_is_identical(mover: Start, job: dict[str, Any], disk: Path, target: Path) -> None:
    copy = mover(job)
    assert copy.end() == Exit.FINISHED
    assert identical(disk, target)


def test_payload_is_what_is_not_zero_in_blocks_of_64_kib(mover: Start, job: dict[str, Any], disk: Path) -> None:
    copy = mover(job)
    copy.end()
    assert copy.last["moved"] == nonzero_bytes(disk)
    assert copy.last["moved"] + copy.last["zeroed"] == disk.stat().st_size
    assert copy.last["skipped"] == 0


def test_every_byte_of_the_work_is_reported_done_once(mover: Start, job: dict[str, Any], disk: Path) -> None:
    copy = mover(job)
    copy.end()
    done = [event for event in copy.events if event["event"] == "done"]
    assert copy.done == Extents.whole(disk.stat().st_size)
    assert sum(length for event in done for _, length in event["ranges"]) == disk.stat().st_size
    for number in ("moved", "skipped", "zeroed"):
        assert sum(event[number] for event in done) == copy.last[number]


def test_zeros_are_left_alone_only_where_the_target_is_said_to_be_zero(mover: Start, job: dict[str, Any], disk: Path, target: Path) -> None:
    copy = mover({**job, "target_is_zero": True})
    assert copy.end() == Exit.FINISHED
    assert copy.last["zeroed"] == 0
    assert copy.last["skipped"] == disk.stat().st_size - nonzero_bytes(disk)
    assert target.read_bytes()[5 * MIB] == 0xFF


def test_ranges_to_zero_are_zeroed_without_being_read(mover: Start, job: dict[str, Any], target: Path) -> None:
    copy = mover({**job, "read": [], "zero": [[MIB, GRAIN], [17 * MIB, 512]]})
    assert copy.end() == Exit.FINISHED
    content = target.read_bytes()
    assert not any(content[MIB : MIB + GRAIN]) and not any(content[17 * MIB : 17 * MIB + 512])
    assert content.count(0xFF) == len(content) - GRAIN - 512
    assert copy.last["moved"] == 0


def test_what_is_not_in_the_work_is_not_touched(mover: Start, job: dict[str, Any], disk: Path, target: Path) -> None:
    mover({**job, "read": [[1000, 70_000]]}).end()
    content, original = target.read_bytes(), disk.read_bytes()
    assert content[1000:71_000] == original[1000:71_000]
    assert set(content[:1000]) == set(content[71_000:]) == {0xFF}


@pytest.mark.parametrize("chunk", [GRAIN, 4 * MIB])
def test_several_connections_on_both_sides_give_the_same(mover: Start, job: dict[str, Any], disk: Path, target: Path, chunk: int) -> None:
    several = {**job, "source": {**job["source"], "connections": 3}, "targets": job["targets"] * 3, "chunk_bytes": chunk}
    copy = mover({**several, "flush_bytes": MIB})
    assert copy.end() == Exit.FINISHED
    assert identical(disk, target)
    assert copy.done == Extents.whole(disk.stat().st_size)


def test_a_copy_crosses_tls_with_the_key_of_its_session(
    mover: Start, job: dict[str, Any], servers: Servers, tmp_path: Path, disk: Path, target: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"session-1:{'ab' * 32}\n")
    socket = servers.serve("tls", "--tls=require", f"--tls-psk={keys}", "file", str(target))
    copy = mover({**job, "targets": [{"socket": socket, "identity": "session-1", "key_file": str(keys)}]})
    assert copy.end() == Exit.FINISHED
    assert identical(disk, target)


def test_more_work_is_asked_for_and_taken_until_its_end(mover: Start, job: dict[str, Any], disk: Path, target: Path) -> None:
    copy = mover({**job, "read": [], "more": True})
    for share in Extents.whole(disk.stat().st_size).batches(8 * MIB):
        copy.hear("hungry")
        copy.say({"read": share.pairs()})
    copy.hear("hungry")
    copy.say({"end": True})
    assert copy.end() == Exit.FINISHED
    assert identical(disk, target)


def test_payload_is_held_to_the_rate_until_it_is_lifted(mover: Start, job: dict[str, Any], disk: Path, target: Path) -> None:
    began = time.monotonic()
    copy = mover({**job, "in_flight": 1, "rate": 2 * MIB})
    copy.hear("done")
    copy.hear("done")
    assert time.monotonic() - began > 1
    copy.say({"rate": 1})  # a byte a second: it would not end before the test's time is over
    copy.say({"rate": 0})
    assert copy.end() == Exit.FINISHED
    assert identical(disk, target)
