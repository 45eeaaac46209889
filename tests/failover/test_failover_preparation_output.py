"""What the preparation says, how long it may take, and what it is told of the appliance."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from driver_disc import disc
from failover_world import INSTALLED
from windows_program import program

from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.core.families import start_time
from appliance.failover import emulation, transcripts
from appliance.failover.drivers import Drivers
from appliance.failover.preparation import Preparer, description
from appliance.failover.speech import GuestDrivers, stage
from appliance.failover.transcripts import Transcript
from appliance.failover.turns import Turns
from appliance.failover.workplace import Workplace
from tests.uploads import parts

YES, NO = (f"virt-v2v-in-place: This guest {one} virtio drivers installed.\n" for one in ("has", "does not have"))
VIRTUALISES, DOES_NOT = "flags\t\t: fpu vmx sse\n", "flags\t\t: fpu sse vmxnet\n"


def preparer(folder: Path, body: str, seconds: float = 30.0) -> Preparer:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{INSTALLED}\n{body}\n")
    program.chmod(0o755)
    children = Children(folder / "children")
    return Preparer(children, Workplace(folder / "preparation", children), Drivers(folder / "drivers"), str(program), seconds)


async def prepared(one: Preparer, told: list[tuple[float, str]] | None = None) -> None:
    async def tell(share: float, words: str) -> None:
        if told is not None:
            told.append((share, words))

    await one.prepare("job-1", "web", [Path("/nowhere")], "bios", tell)


async def test_the_operator_is_told_how_far_it_is_in_plain_words(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    await prepared(
        preparer(tmp_path, "echo '[   0.0] Setting up the source: -i'; echo noise; echo '[  31.5] Converting Debian to run on KVM'"), told
    )
    assert told == [(0.05, "Opening the copied disks"), (0.4, "Putting the drivers into the guest")]


@pytest.mark.parametrize("line", [b"", b"noise", b"[   0.0] Dancing", b"Converting", b"[x] Converting", b"\xff\x00"])
def test_other_lines_say_nothing_of_that(line: bytes) -> None:
    assert stage(line) is None


DEBUG = "gcaps_block_bus = {}\ngcaps_net_bus = {}\ngcaps_virtio_rng = true\n"
BOTH = DEBUG.format("virtio-blk", "virtio-net")


@pytest.mark.parametrize(
    ("said", "lack"),
    [
        (YES, ""),
        (BOTH + YES, ""),
        ("half a line of the machine's console" + YES, ""),
        ("", "its disks"),
        (BOTH, "its disks"),
        (NO, "its disks"),
        (DEBUG.format("ide", "virtio-net") + NO, "its disks"),
        (DEBUG.format("ide", "rtl8139") + NO, "its disks and its network"),
        (DEBUG.format("virtio-blk", "e1000") + YES, "its network"),
        (DEBUG.format("virtio-scsi", "virtio-net") + YES, "its disks"),
    ],
)
def test_only_a_guest_of_which_it_says_so_has_the_drivers(said: str, lack: str) -> None:
    drivers = GuestDrivers()
    for line in said.encode().splitlines():
        drivers = drivers.after(line)
    assert drivers.lack == lack


async def test_an_end_without_a_flaw_is_no_proof_that_there_were_drivers(tmp_path: Path) -> None:
    with pytest.raises(Fault) as failed:
        await prepared(preparer(tmp_path, f"echo '{NO.strip()}'; printf 'gcaps_net_bus = e1000'"))
    assert failed.value.spec.key == "failover.prepared_without_drivers"
    assert "no drivers for its disks and its network" in failed.value.message and "e1000" in failed.value.cause


async def test_what_it_said_is_kept_for_support_also_when_it_failed(tmp_path: Path) -> None:
    with pytest.raises(Fault) as failed:
        await prepared(preparer(tmp_path, "echo said; echo 'no root device found' >&2; exit 1"))
    assert failed.value.spec.key == "failover.preparation_failed" and "no root device found" in failed.value.cause
    [kept] = transcripts.transcripts(tmp_path / "preparation")
    assert (kept.name, kept.read_text()) == ("job-1.log", f"{YES}said\nno root device found\n")
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_one_that_does_not_end_in_time_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    one = preparer(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid; wait", seconds=0.5)
    with pytest.raises(Fault) as failed:
        await prepared(one)
    assert "0 s" in failed.value.cause
    assert start_time(int((tmp_path / "pid").read_text())) is None


async def test_a_machine_that_it_leaves_behind_does_not_hold_it_up(tmp_path: Path) -> None:
    await prepared(preparer(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid"))
    assert start_time(int((tmp_path / "pid").read_text())) is None


async def test_one_that_is_cancelled_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    task = asyncio.create_task(prepared(preparer(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid; echo; wait")))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert start_time(int((tmp_path / "pid").read_text())) is None


async def test_guests_wait_for_each_other_where_there_is_room_for_one(tmp_path: Path) -> None:
    one = preparer(tmp_path, f"mkdir {tmp_path}/alone && sleep 0.2 && rmdir {tmp_path}/alone")
    one = Preparer(one.children, one.workplace, one.drivers, one.program, turns=Turns(1))
    told: list[tuple[float, str]] = []

    async def tell(share: float, words: str) -> None:
        told.append((share, words))

    await asyncio.gather(*(one.prepare(f"job-{number}", "web", [], "bios", tell) for number in range(3)))
    assert told == [(0.0, "Waiting until the preparation of another guest has ended")] * 2


def test_only_the_end_of_a_long_transcript_and_the_newest_transcripts_are_kept(tmp_path: Path) -> None:
    for number in range(transcripts.KEPT + 3):
        one = Transcript(tmp_path, f"job-{number:02}")
        os.utime(tmp_path / f"job-{number:02}.log", (number, number))
    assert [path.stem for path in transcripts.transcripts(tmp_path)] == [
        f"job-{number:02}" for number in reversed(range(3, transcripts.KEPT + 3))
    ]
    for number in range(40):
        one.add(f"{number}\n".encode() + bytes(1 << 16))
    one.add(b"the end\n")
    [kept, *_] = transcripts.transcripts(tmp_path)
    assert 0 < kept.stat().st_size <= transcripts.LARGEST and kept.read_bytes().endswith(b"the end\n") and one.end.endswith("the end")


def test_disks_are_named_as_linux_counts_them() -> None:
    text = description([Path(f"/dev/{number}") for number in range(28)], "bios")
    assert [f"dev='sd{end}'" in text for end in ("a", "z", "aa", "ab", "ac")] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("wanted", "processor", "kvm", "expected"),
    [
        ("auto", VIRTUALISES, True, "force_kvm"),
        ("auto", VIRTUALISES, False, "force_tcg"),
        ("auto", DOES_NOT, True, "force_tcg"),
        ("auto", "", True, "force_tcg"),
        ("off", VIRTUALISES, True, "force_tcg"),
        ("on", DOES_NOT, False, "force_kvm"),
    ],
)
def test_kvm_is_used_where_it_works_or_as_configured(
    tmp_path: Path, wanted: emulation.Acceleration, processor: str, kvm: bool, expected: str
) -> None:
    if kvm:
        (tmp_path / "kvm").touch()
    found = emulation.settings(wanted, processor, tmp_path / "kvm")
    assert found["LIBGUESTFS_BACKEND_SETTINGS"] == expected and found["LIBGUESTFS_BACKEND"] == "direct"


@pytest.mark.parametrize(("memory", "expected"), [(256, 1), (2048, 1), (4608, 2), (8192, 3)])
def test_as_many_guests_are_prepared_at_once_as_there_is_memory_for(memory: int, expected: int) -> None:
    assert emulation.places(memory) == expected


async def test_the_program_is_told_where_the_drivers_are_only_when_they_are_there(tmp_path: Path) -> None:
    one = preparer(tmp_path, f'echo "${{VIRTIO_WIN-none}} ${{VIRT_TOOLS_DATA_DIR-none}} $LIBGUESTFS_CACHEDIR" > {tmp_path}/told')
    await prepared(one)
    assert (tmp_path / "told").read_text() == f"none none {tmp_path}/preparation/made\n"
    await one.drivers.take(parts(disc()))
    await one.drivers.programs.take("rhsrvany.exe", parts(program()))
    await prepared(one)
    drivers = f"{tmp_path}/drivers"
    assert (tmp_path / "told").read_text() == f"{drivers}/drivers.iso {drivers}/programs {tmp_path}/preparation/made\n"


def test_a_disk_that_takes_no_more_of_what_is_said_breaks_no_preparation_off(tmp_path: Path) -> None:
    one = Transcript(tmp_path, "job-1")
    (tmp_path / "job-1.log").unlink()
    (tmp_path / "job-1.log").symlink_to("/dev/full")
    one.add(b"said\n")
    assert one.end == "said"
