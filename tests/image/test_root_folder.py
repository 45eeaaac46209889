"""The root folder: overlays, what is taken out, passwords, times, keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from image.debian import package_set
from image.ext4 import change_times
from image.programs import BuildProblem
from image.rootfs import kernel_version, lay_over, locked, place_vendor_key, settle_times, strip


def _public(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PUBLIC = _public(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def _file(path: Path, text: str = "x", mode: int = 0o640) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_an_overlays_files_take_the_places_of_those_that_are_there(tmp_path: Path) -> None:
    _file(tmp_path / "root/etc/one", "old")
    _file(tmp_path / "overlay/etc/one", "new")
    lay_over(tmp_path / "root", tmp_path / "overlay")
    assert (tmp_path / "root/etc/one").read_text() == "new"


def test_files_are_readable_by_all_and_programs_can_be_started(tmp_path: Path) -> None:
    _file(tmp_path / "overlay/program", mode=0o700)
    _file(tmp_path / "overlay/text", mode=0o600)
    lay_over(tmp_path / "root", tmp_path / "overlay")
    assert [(tmp_path / "root" / name).stat().st_mode & 0o777 for name in ("program", "text")] == [0o755, 0o644]


def test_a_link_is_laid_over_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay/masked").symlink_to("/dev/null")
    lay_over(tmp_path / "root", tmp_path / "overlay")
    assert (tmp_path / "root/masked").readlink() == Path("/dev/null")


def test_a_file_is_not_written_through_a_link_out_of_the_root_folder(tmp_path: Path) -> None:
    outside = _file(tmp_path / "outside", "mine")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/one").symlink_to(outside)
    lay_over(tmp_path / "root", _file(tmp_path / "overlay/one", "new").parent)
    assert (outside.read_text(), (tmp_path / "root/one").is_symlink()) == ("mine", False)


def test_an_overlay_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    lay_over(tmp_path, tmp_path / "none")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "trace",
    [
        *("etc/ssh/ssh_host_ed25519_key", "etc/resolv.conf", "etc/hostname", "etc/apt/sources.list", "var/lib/systemd/random-seed"),
        *("var/log/dpkg.log", "var/cache/apt/archives/a.deb", "var/lib/apt/lists/x_Packages", "tmp/left", "etc/shadow-"),
    ],
)
def test_no_trace_of_the_building_machine_and_no_identity_stays(tmp_path: Path, trace: str) -> None:
    (tmp_path / "etc").mkdir()
    _file(tmp_path / trace)
    strip(tmp_path)
    assert not (tmp_path / trace).exists()


def test_the_machine_id_is_empty_so_that_the_first_start_makes_one(tmp_path: Path) -> None:
    _file(tmp_path / "etc/machine-id", "0123")
    strip(tmp_path)
    assert (tmp_path / "etc/machine-id").read_text() == ""


def test_temporary_folders_stay_everybodys(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    strip(tmp_path)
    assert [(tmp_path / name).stat().st_mode & 0o7777 for name in ("tmp", "var/tmp", "var/log")] == [0o1777, 0o1777, 0o755]


def test_no_password_opens_anything() -> None:
    assert locked("root:$6$abc:19000:0:99999:7:::\nconsole:!:1::::::\n") == "root:!*::0:99999:7:::\nconsole:*:::::::\n"


def test_no_file_is_younger_than_the_build_says(tmp_path: Path) -> None:
    old, new = _file(tmp_path / "old"), _file(tmp_path / "folder/new")
    os.utime(old, (1000.7, 1000.7))
    settle_times(tmp_path, 5000)
    found = {path: path.lstat().st_mtime for path in (old, new, new.parent, tmp_path)}
    assert found == {old: 1000, new: 5000, new.parent: 5000, tmp_path: 5000}


def test_every_file_gets_the_time_of_the_build_as_the_time_of_its_change(tmp_path: Path) -> None:
    _file(tmp_path / "folder/a file")
    assert change_times(tmp_path, 7) == 'set_inode_field "/folder" ctime @7\nset_inode_field "/folder/a file" ctime @7\n'


def test_a_public_key_goes_into_the_image(tmp_path: Path) -> None:
    place_vendor_key(tmp_path / "root", _file(tmp_path / "vendor.pub", PUBLIC))
    assert (tmp_path / "root/usr/share/appliance/vendor.pub").read_text() == PUBLIC


@pytest.mark.parametrize("wrong", ["", "ssh-ed25519 AAAA", "-----BEGIN PRIVATE KEY-----\nMC4=\n", PUBLIC + "-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_not_a_public_key_does_not(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(BuildProblem, match="not a public key"):
        place_vendor_key(tmp_path / "root", _file(tmp_path / "vendor.pub", wrong))
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize(
    "wrong", [_public(derive_private_key(1, SECP256R1())), "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n", PUBLIC[:60]]
)
def test_a_key_that_no_appliance_can_use_stops_the_build_and_is_told_how_to_make_one(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(BuildProblem, match=r"no Ed25519 public key.*openssl genpkey"):
        place_vendor_key(tmp_path / "root", _file(tmp_path / "vendor.pub", wrong))
    assert not (tmp_path / "root").exists()


def test_a_key_that_is_not_there_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(BuildProblem, match="can't be read"):
        place_vendor_key(tmp_path, tmp_path / "none")


@pytest.mark.parametrize("kernels", [(), ("vmlinuz-6.1.0-1", "vmlinuz-6.1.0-2")])
def test_an_image_has_one_kernel(tmp_path: Path, kernels: tuple[str, ...]) -> None:
    for kernel in ("initrd.img-6.1.0-1", *kernels):
        _file(tmp_path / "boot" / kernel)
    with pytest.raises(BuildProblem, match=f"has {len(kernels)}"):
        kernel_version(tmp_path)


def test_the_package_set_is_known_by_debians_indexes_and_no_others(tmp_path: Path) -> None:
    _file(tmp_path / "a_InRelease", "x\nOrigin: Debian\nDate: Sat, 01 Jan 2022 00:00:00 UTC\n")
    first = package_set(tmp_path)
    _file(tmp_path / "b_InRelease", "x\nOrigin: Someone\nDate: Sun, 01 Jan 2023 00:00:00 UTC\n")
    assert package_set(tmp_path) == first
    assert first.epoch == 1640995200


def test_a_newer_index_is_another_package_set(tmp_path: Path) -> None:
    index = _file(tmp_path / "a_InRelease", "x\nOrigin: Debian\nDate: Sat, 01 Jan 2022 00:00:00 UTC\n")
    first = package_set(tmp_path)
    index.write_text(index.read_text().replace("2022", "2023").replace("Sat", "Sun"))
    assert package_set(tmp_path).digest != first.digest


def test_without_an_index_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BuildProblem, match="apt-get update"):
        package_set(tmp_path)
