"""What is taken for the vendor's archive, and what is not."""

import gzip
import os
import tarfile
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.core import receiving
from appliance.vsphere.vddk import archive
from appliance.vsphere.vddk.archive import TOP, Contents
from appliance.vsphere.vddk.unpacking import look_into, unpack
from tests.core.tar_bombs import BOMBS
from tests.vsphere.disk_library import ELF, file, folder, library, link, packed

LIB = f"{TOP}/lib64"


def written(folder: Path, content: bytes) -> Path:
    path = folder / "archive.tar.gz"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("version", ["6.5.0", "6.7.3", "7.0.3", "8.0.2"])
def test_every_supported_version_is_known_by_its_library(version: str, tmp_path: Path) -> None:
    found = look_into(written(tmp_path, packed(library(version))))
    assert found == Contents(f"{LIB}/libvixDiskLib.so.{version}", version)


def test_all_of_it_is_unpacked_with_its_links(tmp_path: Path) -> None:
    place = unpack(written(tmp_path, packed(library())), tmp_path / "new")
    assert place == tmp_path / "new" / TOP
    assert (place / "lib64/libvixDiskLib.so").resolve() == place / "lib64/libvixDiskLib.so.7.0.3"
    assert (place / "lib64/libvixDiskLib.so").read_bytes().startswith(ELF)
    assert (place / "FILES").stat().st_mode & 0o7777 == 0o644


HOSTILE = {
    "a path that climbs": [file(f"{TOP}/../../etc/passwd", b"x")],
    "an absolute path": [file("/etc/passwd", b"x")],
    "another folder beside": [file("other/file", b"x")],
    "a link that climbs": [link(f"{TOP}/out", "../../etc")],
    "an absolute link": [link(f"{TOP}/out", "/etc")],
    "a file through a link": [link(f"{TOP}/in", "lib64"), file(f"{TOP}/in/file", b"x")],
    "a file through a file": [file(f"{TOP}/one", b"x"), file(f"{TOP}/one/two", b"x")],
    "a link through a link": [
        file(f"{TOP}/a/b/c/one"),
        link(f"{TOP}/a/b/c/up", "../.."),
        link(f"{TOP}/out", "a/b/c/up/../../etc"),
    ],
    "a file in place of a folder": [file(f"{TOP}/one/two", b"x"), file(f"{TOP}/one", b"x")],
    "a link in place of a folder": [file(f"{TOP}/one/two", b"x"), link(f"{TOP}/one", "lib64")],
    "a name too long for a disk": [file(f"{TOP}/" + "n" * 256, b"x")],
    "letters too long for a disk": [file(f"{TOP}/" + "é" * 130, b"x")],
    "folders without end": [file(f"{TOP}/" + "n/" * 40 + "n", b"x")],
    "a file twice": [file(f"{TOP}/one", b"x"), file(f"{TOP}/one", b"y")],
    "a hard link": [link(f"{TOP}/hard", "/etc/shadow", tarfile.LNKTYPE)],
    "a device": [link(f"{TOP}/device", "", tarfile.CHRTYPE)],
    "a pipe": [link(f"{TOP}/pipe", "", tarfile.FIFOTYPE)],
    "the folder as a link": [link(TOP, "/tmp")],
    "a name without end": [file(f"{TOP}/" + "n" * 70_000, b"x")],
    "a dot in a path": [file(f"{TOP}/./x", b"x")],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_nothing_hostile_is_taken_or_unpacked(members: list[tuple[tarfile.TarInfo, bytes]], tmp_path: Path) -> None:
    path = written(tmp_path, packed([*library(), *members]))
    for refuse in (lambda: look_into(path), lambda: unpack(path, tmp_path / "in" / "new")):
        (tmp_path / "in").mkdir(exist_ok=True)
        with pytest.raises(Fault) as caught:
            refuse()
        assert caught.value.key == "library.not_the_archive"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["archive.tar.gz", "in"]


INCOMPLETE = {
    "empty archive": [],
    "no library": [folder(f"{TOP}/"), file(f"{TOP}/FILES", b"x")],
    "too old": library("5.5.5"),
    "just too old": library("6.0.3"),
    "too new": library("9.0.0"),
    "no link to it": [*library()[:4], *library()[5:]],
    "link in a circle": [*library()[:4], link(f"{LIB}/libvixDiskLib.so.7", "libvixDiskLib.so"), *library()[5:]],
    "two of them": [*library(), file(f"{LIB}/libvixDiskLib.so.7.0.2", ELF)],
    "32 bits": [*library()[:5], file(f"{LIB}/libvixDiskLib.so.7.0.3", b"\x7fELF\x01" + ELF[5:])],
    "another processor": [*library()[:5], file(f"{LIB}/libvixDiskLib.so.7.0.3", ELF[:18] + b"\xb7\x00" + ELF[20:])],
    "no library but a text": [*library()[:5], file(f"{LIB}/libvixDiskLib.so.7.0.3", b"404 Not Found")],
    "an empty library": [*library()[:5], file(f"{LIB}/libvixDiskLib.so.7.0.3")],
}


@pytest.mark.parametrize("members", INCOMPLETE.values(), ids=INCOMPLETE)
def test_what_has_no_usable_library_is_refused(members: list[tuple[tarfile.TarInfo, bytes]], tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        look_into(written(tmp_path, packed(members)))
    assert caught.value.key == "library.not_the_archive"


NO_ARCHIVES = {
    "nothing": b"",
    "noise": os.urandom(4096),
    "a page": b"<html>Log in to download</html>",
    "cut off": packed([*library(), file(f"{TOP}/more", os.urandom(50_000))])[:-20_000],
    "cut off in its first bytes": packed(library())[:15],
    "compressed noise": gzip.compress(os.urandom(4096)),
    "a bit turned over": (lambda whole: whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:])(
        packed([*library(), file(f"{TOP}/more", os.urandom(50_000))])
    ),
    "more after its end": gzip.compress(gzip.decompress(packed(library())) + bytes(2 << 20)),
}


@pytest.mark.parametrize("content", NO_ARCHIVES.values(), ids=NO_ARCHIVES)
def test_what_is_no_whole_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        look_into(written(tmp_path, content))
    assert caught.value.key == "library.not_the_archive" and "Nothing was changed" in caught.value.guidance


@pytest.mark.parametrize("name", BOMBS)
def test_headers_without_bounds_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        look_into(written(tmp_path, gzip.compress(BOMBS[name](f"{TOP}/one"), 1)))
    assert caught.value.key == "library.not_the_archive"


def test_the_records_keep_their_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "KEPT_FREE", 1 << 60)
    with pytest.raises(Fault) as caught:
        unpack(written(tmp_path, packed(library())), tmp_path / "new")
    assert caught.value.key == "upload.no_room"


def test_more_than_a_library_ever_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    bomb = packed([*library(), file(f"{TOP}/zeros", bytes(2 << 20))])
    assert len(bomb) < 64 << 10
    with pytest.raises(Fault):
        look_into(written(tmp_path, bomb))
    monkeypatch.setattr(archive, "MOST_MEMBERS", 10)
    with pytest.raises(Fault):
        look_into(written(tmp_path, packed([*library(), *(file(f"{TOP}/{number}") for number in range(10))])))
