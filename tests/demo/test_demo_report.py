"""The report of a run, and how it is judged."""

from __future__ import annotations

import json

from appliance.demo.report import MIB, Boot, ChangedDisk, Cleaned, Full, FullDisk, Increment, Left, Ports, Report, missing, problems

FIRST, LATER = "Written at the source first 1", "Written at the source later 2"


def full_disk(**other: object) -> FullDisk:
    values = {"disk_id": "disk-2000", "capacity_bytes": 1 << 30, "skipped_bytes": 0, "seconds": 1.0, "identical": True}
    return FullDisk.model_validate({**values, "nonzero_bytes": 100 * MIB, "moved_bytes": 100 * MIB, **other})


def changed_disk(**other: object) -> ChangedDisk:
    values = {"disk_id": "disk-2000", "capacity_bytes": 1 << 30, "skipped_bytes": 0, "seconds": 1.0, "identical": True}
    return ChangedDisk.model_validate({**values, "changed_bytes": 10 * MIB, "moved_bytes": 9 * MIB, **other})


def good(**other: object) -> Report:
    parts = {
        "full": Full(disks=[full_disk()]),
        "increment": Increment(disks=[changed_disk()]),
        "test_failover": Boot(booted=True, marker=FIRST),
        "cleanup": Cleaned(snapshots_left_vcenter=0, snapshots_left_cloudstack=0, next_sync="incremental"),
        "live_failover": Boot(booted=True, marker=LATER),
        "finalise": Left(snapshots_left_vcenter=0, snapshots_left_cloudstack=0),
        "ports": Ports.model_validate({"443": 1000, "other": 0}),
        "seconds": 200.0,
    }
    return Report.model_validate({**parts, **other})


def found(**other: object) -> str:
    return " ".join(problems(good(**other), FIRST, LATER))


def test_a_good_run_has_no_problems() -> None:
    assert found() == ""
    assert missing(good()) == []


def test_the_file_has_the_names_that_others_read() -> None:
    written = json.loads(good().text())
    assert set(written) == {"full", "increment", "test_failover", "cleanup", "live_failover", "finalise", "ports", "seconds"}
    common = {"disk_id", "capacity_bytes", "moved_bytes", "skipped_bytes", "seconds", "identical"}
    assert set(written["full"]["disks"][0]) == common | {"nonzero_bytes"}
    assert set(written["increment"]["disks"][0]) == common | {"changed_bytes"}
    assert set(written["test_failover"]) == set(written["live_failover"]) == {"booted", "marker"}
    assert set(written["cleanup"]) == {"snapshots_left_vcenter", "snapshots_left_cloudstack", "next_sync"}
    assert set(written["finalise"]) == {"snapshots_left_vcenter", "snapshots_left_cloudstack"}
    assert written["ports"] == {"443": 1000, "other": 0}


def test_a_run_that_stopped_names_what_it_did_not_come_to() -> None:
    sentences = missing(Report())
    assert any("live_failover" in sentence for sentence in sentences)
    assert len(sentences) == 7
    assert problems(Report(), FIRST, LATER) == []


def test_a_disk_that_differs_is_a_problem() -> None:
    assert "not identical" in found(full=Full(disks=[full_disk(identical=False)]))
    assert "not identical" in found(increment=Increment(disks=[changed_disk(identical=False)]))


def test_moving_more_than_a_twentieth_over_what_was_there_is_a_problem() -> None:
    allowed = int(1.05 * 100 * MIB) + MIB
    assert found(full=Full(disks=[full_disk(moved_bytes=allowed)])) == ""
    assert "moved" in found(full=Full(disks=[full_disk(moved_bytes=allowed + 1)]))
    assert "moved" in found(increment=Increment(disks=[changed_disk(moved_bytes=20 * MIB)]))


def test_a_vm_that_does_not_boot_or_shows_another_text_is_a_problem() -> None:
    assert "login prompt" in found(test_failover=Boot(booted=False))
    assert "did not show" in found(live_failover=Boot(booted=True, marker=FIRST))


def test_snapshots_that_are_left_are_a_problem() -> None:
    assert "vCenter" in found(finalise=Left(snapshots_left_vcenter=1, snapshots_left_cloudstack=0))
    left = Cleaned(snapshots_left_vcenter=0, snapshots_left_cloudstack=2, next_sync="incremental")
    assert "CloudStack" in found(cleanup=left)


def test_a_full_copy_after_the_cleanup_is_a_problem() -> None:
    assert "not incremental" in found(cleanup=Cleaned(snapshots_left_vcenter=0, snapshots_left_cloudstack=0, next_sync="full"))


def test_packets_beside_443_are_a_problem() -> None:
    assert "another way" in found(ports=Ports.model_validate({"443": 1, "other": 3}))
    assert "No packet" in found(ports=Ports.model_validate({"443": 0, "other": 0}))
