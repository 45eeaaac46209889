"""The library as it is brought, accepted, replaced, tried and removed."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from appliance.contract.disk_library import Reader
from appliance.contract.errors import Fault
from appliance.vsphere.vddk.archive import TOP
from appliance.vsphere.vddk.library import Library
from tests.uploads import parts
from tests.vsphere.disk_library import CRASHES, IS_REFUSED, LACKS, LOADS, library, loader, packed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", loader(tmp_path / "bin"), prepend=":")
    return tmp_path / "disk-library"


async def opened(place: Path) -> Library:
    found = Library(place)
    await found.open()
    return found


async def installed(place: Path, version: str = "7.0.3") -> Library:
    found = await opened(place)
    await found.accept((await found.take(parts(packed(library(version))))).sha256)
    return found


async def test_without_one_disks_are_read_over_https(place: Path) -> None:
    found = await opened(place)
    state = await found.state()
    assert (state.reader, state.supported, state.installed, state.received, found.usable) == (Reader.HTTPS, True, None, None, None)


async def test_what_was_brought_waits_until_its_digest_is_confirmed(place: Path) -> None:
    content = packed(library())
    found = await opened(place)
    received = await found.take(parts(content))
    assert (received.version, received.size_bytes, received.sha256) == ("7.0.3", len(content), hashlib.sha256(content).hexdigest())
    assert (await found.state()).reader is Reader.HTTPS
    with pytest.raises(Fault) as caught:
        await found.accept("0" * 64)
    assert caught.value.key == "library.none_waits" and (await found.state()).received == received
    state = await found.accept(received.sha256)
    assert state.reader is Reader.LIBRARY and state.installed and state.installed.version == "7.0.3" and state.received is None
    assert found.usable and (found.usable.folder / "lib64/libvixDiskLib.so.7").exists()


async def test_a_restarted_agent_finds_both_as_they_were(place: Path) -> None:
    found = await installed(place)
    await found.take(parts(packed(library("7.0.1"))))
    again = await opened(place)
    assert await again.state() == await found.state() and again.usable == found.usable


@pytest.mark.parametrize(
    ("how", "words"),
    [(CRASHES, "crashes"), (LACKS, "lacks something"), (IS_REFUSED, "can't be loaded")],
    ids=["crash", "symbol", "refused"],
)
async def test_one_that_does_not_load_is_refused_and_the_former_stays(how: bytes, words: str, place: Path) -> None:
    found = await installed(place)
    before = (await found.state()).installed
    received = await found.take(parts(packed(library("7.0.1", how))))
    with pytest.raises(Fault) as caught:
        await found.accept(received.sha256)
    assert caught.value.key == "library.unusable" and words in caught.value.message
    state = await found.state()
    assert state.reader is Reader.LIBRARY and state.installed == before
    assert not list(place.glob(".unpacking*"))


async def test_one_that_no_longer_loads_is_shown_with_the_reason_and_not_used(place: Path) -> None:
    found = await installed(place)
    assert found.usable
    (found.usable.folder / "lib64/libvixDiskLib.so.7.0.3").write_bytes(CRASHES)
    state = await found.check()
    assert state.reader is Reader.HTTPS and found.usable is None
    assert state.installed and state.installed.problem == "The library is not used: it crashes when it is loaded."


async def test_a_new_version_takes_the_place_of_the_former_and_leaves_nothing_of_it(place: Path) -> None:
    await installed(place)
    found = await installed(place, "7.0.1")
    assert found.usable and found.usable.version == "7.0.1"
    assert [one.parent.name for one in place.glob(f"*/{TOP}") if not one.parent.is_symlink()] == [found.usable.folder.parent.name]


async def test_the_same_archive_twice_changes_nothing(place: Path) -> None:
    found = await installed(place)
    before = (await found.state()).installed
    again = await installed(place)
    after = (await again.state()).installed
    assert before and after and (before.sha256, before.version) == (after.sha256, after.version) and again.usable


async def test_a_bad_upload_leaves_the_archive_that_waits(place: Path) -> None:
    found = await opened(place)
    received = await found.take(parts(packed(library())))
    for bad in (b"", b"<html>", packed(library())[:200]):
        with pytest.raises(Fault) as caught:
            await found.take(parts(bad))
        assert caught.value.key == "library.not_the_archive"
    assert (await found.state()).received == received
    assert sorted(one.name for one in place.iterdir()) == ["received.json", "received.tar.gz"]


async def test_two_uploads_at_once_leave_one_whole_archive(place: Path) -> None:
    found = await opened(place)
    one, two = await asyncio.gather(*(found.take(parts(packed(library(version)))) for version in ("7.0.1", "7.0.3")))
    received = (await found.state()).received
    assert received is not None and received in (one, two)
    assert (await found.accept(received.sha256)).reader is Reader.LIBRARY


async def test_what_a_killed_agent_had_begun_is_removed_at_its_next_start(place: Path) -> None:
    await installed(place)
    (place / ".unpacking-1" / TOP).mkdir(parents=True)
    (place / "0123456789abcdef-0" / TOP).mkdir(parents=True)
    found = await opened(place)
    assert found.usable
    assert sorted(one.name for one in place.iterdir()) == sorted(["current", found.usable.folder.parent.name])


async def test_an_archive_without_its_record_does_not_count(place: Path) -> None:
    found = await opened(place)
    received = await found.take(parts(packed(library())))
    (place / "received.json").unlink()
    with pytest.raises(Fault) as caught:
        await found.accept(received.sha256)
    assert caught.value.key == "library.none_waits"


@pytest.mark.parametrize("left", [None, b"half"])
async def test_an_archive_that_is_lost_or_cut_off_does_not_wait_any_more(place: Path, left: bytes | None) -> None:
    found = await opened(place)
    received = await found.take(parts(packed(library())))
    (place / "received.tar.gz").unlink() if left is None else (place / "received.tar.gz").write_bytes(left)
    assert (await found.state()).received is None
    with pytest.raises(Fault) as caught:
        await found.accept(received.sha256)
    assert caught.value.key == "library.none_waits"


async def test_a_removed_library_is_gone_and_https_serves(place: Path) -> None:
    found = await installed(place)
    await found.delete()
    await found.delete()
    assert found.usable is None and (await found.state()).installed is None and list(place.iterdir()) == []
    with pytest.raises(Fault) as caught:
        await found.check()
    assert caught.value.key == "library.none_installed"


async def test_an_appliance_without_the_plugin_says_so(place: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "nbdkit").write_text("#!/bin/sh\nexit 1\n")
    found = await opened(place)
    received = await found.take(parts(packed(library(how=LOADS))))
    assert not (await found.state()).supported
    with pytest.raises(Fault) as caught:
        await found.accept(received.sha256)
    assert caught.value.key == "library.unsupported"
