"""Datastore files over HTTPS: ranges, heads, who may read, what is locked, what can go wrong."""

import base64
import subprocess
import time
from pathlib import Path

import pytest

from appliance.lab.vcenter import VcenterLab
from appliance.lab.vcenter.datastore import Unsatisfiable, wanted

from .conftest import MIB, Answer, Client, Control

FLAT = "web/web-flat.vmdk"


@pytest.fixture
def frozen(client: Client, control: Control) -> str:
    """A disk with a pattern around a hole, frozen under a snapshot; gives the session's cookie."""
    control.write(MIB + 123, bytes(range(256)) * 4096)
    control.write(6 * MIB, b"tail" * 1000)
    client.snapshot()
    control.write(0, b"after the snapshot")
    return str(client.service._stub.cookie)


def test_a_range_is_exactly_the_bytes(lab: VcenterLab, frozen: str) -> None:
    answer = Answer(lab, FLAT, cookie=frozen, Range=f"bytes={MIB + 123}-{MIB + 123 + 511}")
    assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes {MIB + 123}-{MIB + 634}/{8 * MIB}")
    assert answer.body == bytes(range(256)) * 2


def test_the_frozen_base_is_what_the_guest_had_at_the_snapshot(lab: VcenterLab, frozen: str, control: Control, tmp_path: Path) -> None:
    parts = [Answer(lab, FLAT, cookie=frozen, Range=f"bytes={n * MIB}-{(n + 1) * MIB - 1}").body for n in range(8)]
    (tmp_path / "read.raw").write_bytes(b"".join(parts))
    path = control("GET", "/vms/web")["disks"][0]["path"]
    subprocess.run(
        ["qemu-img", "compare", "-U", "-f", "raw", "-F", "raw", tmp_path / "read.raw", path], check=True, stdout=subprocess.DEVNULL
    )
    assert parts[0] == bytes(MIB), "what was written after the snapshot is in the delta"


def test_a_head_tells_the_length(lab: VcenterLab, frozen: str) -> None:
    answer = Answer(lab, FLAT, verb="HEAD", cookie=frozen)
    assert (answer.status, answer.headers["Content-Length"], answer.headers["Accept-Ranges"]) == (200, str(8 * MIB), "bytes")
    assert answer.body == b""


def test_the_descriptor_names_the_extent(lab: VcenterLab, frozen: str) -> None:
    assert b'RW 16384 VMFS "web-flat.vmdk"' in Answer(lab, "web/web.vmdk", cookie=frozen).body


def test_a_password_opens_files_too(lab: VcenterLab, frozen: str) -> None:
    word = base64.b64encode(f"{lab.user}:{lab.password}".encode()).decode()
    assert Answer(lab, FLAT, Authorization=f"Basic {word}", Range="bytes=0-0").status == 206


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}, {"Authorization": "Basic !"}])
def test_strangers_read_nothing(lab: VcenterLab, frozen: str, headers: dict[str, str]) -> None:
    assert Answer(lab, FLAT, **headers).status == 401


def test_an_ended_session_reads_nothing(lab: VcenterLab, frozen: str, control: Control) -> None:
    control("DELETE", "/sessions")
    assert Answer(lab, FLAT, cookie=frozen).status == 401


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("web/other-flat.vmdk", None),
        ("nobody/web-flat.vmdk", None),
        (FLAT, {"dcPath": "DC0", "dsName": "elsewhere"}),
        (FLAT, {"dcPath": "DC9", "dsName": "datastore1"}),
        ("web/../web/web-flat.vmdk", None),
    ],
)
def test_what_is_not_there_is_not_found(lab: VcenterLab, frozen: str, file: str, where: dict[str, str] | None) -> None:
    assert Answer(lab, file, cookie=frozen, where=where).status == 404


def test_a_file_that_is_being_written_is_locked(lab: VcenterLab, client: Client, frozen: str) -> None:
    assert Answer(lab, "web/web-000001-delta.vmdk", cookie=frozen).status == 500
    client.vm().RemoveAllSnapshots_Task()
    time.sleep(0.5)
    assert Answer(lab, FLAT, cookie=frozen).status == 500


@pytest.mark.parametrize(
    ("header", "span"),
    [("bytes=0-9", (0, 10)), ("bytes=90-", (90, 100)), ("bytes=-5", (95, 100)), ("bytes=99-500", (99, 100)), (None, None), ("", None)],
)
def test_ranges_are_understood(header: str | None, span: tuple[int, int] | None) -> None:
    assert wanted(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=5-4", "bytes=-", "lines=1-2", "bytes=0-1,3-4"])
def test_other_ranges_are_refused(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted(header, 100)


def test_a_range_outside_of_the_file_is_416(lab: VcenterLab, frozen: str) -> None:
    assert Answer(lab, FLAT, cookie=frozen, Range=f"bytes={8 * MIB}-").status == 416


def test_a_read_is_cut_in_the_middle(lab: VcenterLab, frozen: str, control: Control) -> None:
    control.fail("read_cut", after_bytes=3 * MIB + 7)
    answer = Answer(lab, FLAT, cookie=frozen)
    assert (answer.cut, len(answer.body)) == (True, 3 * MIB + 7)
    assert not Answer(lab, FLAT, cookie=frozen).cut


def test_a_session_ends_in_the_middle_of_a_read(lab: VcenterLab, frozen: str, control: Control) -> None:
    control.fail("read_expires_session", after_bytes=MIB)
    assert Answer(lab, FLAT, cookie=frozen).cut
    assert Answer(lab, FLAT, cookie=frozen).status == 401


def test_reads_can_be_slow(lab: VcenterLab, frozen: str, control: Control) -> None:
    control.fail("read_slow", seconds=0.05)
    begun = time.monotonic()
    Answer(lab, FLAT, cookie=frozen)
    assert time.monotonic() - begun >= 0.4
