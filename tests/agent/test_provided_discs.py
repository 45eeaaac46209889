"""Discs in the drives are read for values, whatever is on them. They are made by genisoimage; a drive is a file here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from provided_discs import AS_CLOUDSTACK, disc
from test_provided_values import ENVIRONMENT

from appliance.agent.provided import discs
from appliance.agent.provided.disc import LARGEST
from appliance.agent.provided.discs import Discs
from appliance.contract.provided import Giver, Provided

pytestmark = pytest.mark.peers

DOCUMENT = b'#appliance\nhost_name = "oma1"\nipv4_address = "192.0.2.10/24"\n'
CLOUDSTACK, OPENSTACK = "cloudstack/userdata/user_data.txt", "openstack/latest/user_data"
GIVEN = Provided(giver=Giver.CLOUDSTACK, host_name="oma1", ipv4_address="192.0.2.10/24")
OTHERS = {
    "cloudstack/metadata/vm-id.txt": b"1",
    "cloudstack/password/vm_password.txt": b"hunter2",
    "openstack/latest/meta_data.json": b"{}",
}


@pytest.fixture
def drives(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("path", [CLOUDSTACK, OPENSTACK])
async def test_cloudstacks_config_drive_is_read(drives: Path, tmp_path: Path, path: str) -> None:
    (drives / "sr0").write_bytes(disc(tmp_path, OTHERS | {path: DOCUMENT}))
    assert await Discs(drives).provided() == GIVEN


@pytest.mark.parametrize("options", [AS_CLOUDSTACK, ("-r",), ("-J",), ("-iso-level", "4"), ()])
async def test_vcenters_environment_is_read_by_whatever_names_the_disc_has(drives: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    (drives / "sr0").write_bytes(disc(tmp_path, {"ovf-env.xml": ENVIRONMENT.encode()}, "OVF ENV", options))
    found = await Discs(drives).provided()
    assert found is not None and (found.giver, found.host_name) == (Giver.VCENTER, "vma1")


async def test_an_environment_whose_values_were_left_empty_says_nothing(drives: Path, tmp_path: Path) -> None:
    empty = ENVIRONMENT.replace("vma1", "").replace("192.0.2.20/24", "").replace("192.0.2.53, 192.0.2.54", "")
    (drives / "sr0").write_bytes(disc(tmp_path, {"ovf-env.xml": empty.encode()}))
    assert await Discs(drives).provided() is None


@pytest.mark.parametrize("files", [{}, OTHERS, {CLOUDSTACK: b"#cloud-config\nhostname: other\n"}, {"other/user_data.txt": DOCUMENT}])
async def test_a_disc_about_something_else_says_nothing(drives: Path, tmp_path: Path, files: dict[str, bytes]) -> None:
    (drives / "sr0").write_bytes(disc(tmp_path, files))
    assert await Discs(drives).provided() is None


async def test_user_data_counts_on_a_config_drive_only(drives: Path, tmp_path: Path) -> None:
    (drives / "sr0").write_bytes(disc(tmp_path, {CLOUDSTACK: DOCUMENT}, "backup"))
    assert await Discs(drives).provided() is None


async def test_the_next_drive_is_looked_into_too(drives: Path, tmp_path: Path) -> None:
    (drives / "sr0").write_bytes(b"")
    (drives / "sr1").write_bytes(disc(tmp_path, {CLOUDSTACK: DOCUMENT}))
    assert await Discs(drives).provided() == GIVEN


async def test_a_drive_is_looked_into_once(drives: Path, tmp_path: Path) -> None:
    (drives / "sr0").write_bytes(b"")
    discs = Discs(drives)
    assert await discs.provided() is None
    (drives / "sr0").write_bytes(disc(tmp_path, {CLOUDSTACK: DOCUMENT}))
    assert await discs.provided() is None


@pytest.mark.parametrize("size", [LARGEST + 1, 40 << 20])
async def test_a_file_that_is_too_large_is_told_and_not_read(drives: Path, tmp_path: Path, size: int) -> None:
    (drives / "sr0").write_bytes(disc(tmp_path, {CLOUDSTACK: DOCUMENT + b"#" * size}))
    found = await Discs(drives).provided()
    assert found is not None and not found.host_name and "larger than" in found.flaws[0]


@pytest.mark.parametrize("kept", [0, 1, 2048, 32768, 34816, 40000, 0.5, 0.9])
async def test_a_disc_that_was_cut_off_says_nothing_wrong(drives: Path, tmp_path: Path, kept: float) -> None:
    whole = disc(tmp_path, {CLOUDSTACK: DOCUMENT})
    (drives / "sr0").write_bytes(whole[: int(kept if kept > 1 or not kept else kept * len(whole))])
    assert await Discs(drives).provided() in (None, GIVEN)


@pytest.mark.parametrize("step", [3, 7, 64, 1000])
async def test_a_disc_that_was_damaged_ends_nothing(drives: Path, tmp_path: Path, step: int) -> None:
    whole = bytearray(disc(tmp_path, {CLOUDSTACK: DOCUMENT}))
    for place in range(32768 + step, len(whole), step):
        whole[place] ^= 0xFF
    (drives / "sr0").write_bytes(whole)
    await Discs(drives).provided()


async def test_a_drive_that_never_answers_is_given_up(drives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discs, "SECONDS", 0.5)
    os.mkfifo(drives / "sr0")
    assert await Discs(drives).provided() is None


async def test_a_folder_of_devices_without_drives_says_nothing(drives: Path) -> None:
    (drives / "sda").write_bytes(b"")
    assert await Discs(drives).provided() is None
    assert await Discs(drives / "absent").provided() is None
