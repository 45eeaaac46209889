"""What the answer of the program that loads the library means."""

import signal
from pathlib import Path

import pytest

from appliance.core.commands import Completed
from appliance.vsphere.vddk import probing
from appliance.vsphere.vddk.probing import is_supported, judged, problem_with

LOADED = b"name=vddk\nvddk_library_version=8\nvddk_transport_modes=file:nbdssl:nbd\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Completed(LOADED, b"", 0), ""),
        (Completed(b"name=vddk\n", b"", 0), "can't be loaded"),
        (Completed(b"", b"", 0), "can't be loaded"),
        (Completed(LOADED, b"nbdkit: error", 1), "can't be loaded"),
        (Completed(b"", b'nbdkit: error: required VDDK symbol "VixDiskLib_Wait" is missing.', 1), "lacks something"),
        (Completed(LOADED, b"", -signal.SIGSEGV), "crashes"),
        (Completed(b"", b"", 128 + signal.SIGABRT), "crashes"),
        (Completed(b"\xff\xfe", b"\xff", 0), "can't be loaded"),
    ],
)
def test_only_a_library_that_says_its_version_is_good(answer: Completed, words: str) -> None:
    assert words in judged(answer) and bool(words) == bool(judged(answer))


async def test_one_that_does_not_come_up_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nbdkit").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "nbdkit").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(probing, "LIMIT", 0.1)
    assert (await problem_with(tmp_path, "vddk"))[0] == "it does not come up"
    assert not await is_supported("vddk")


async def test_without_the_program_nothing_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no program" in (await problem_with(tmp_path, "vddk"))[0]
    assert not await is_supported("vddk")
