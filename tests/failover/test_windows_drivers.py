"""The disc with the drivers for Windows: what is taken for one, and that the one that is here stays whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from driver_disc import FILES, disc
from windows_program import program

from appliance.contract.errors import Fault
from appliance.failover import drivers
from appliance.failover.drivers import Drivers
from tests.uploads import parts


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.mark.parametrize("joliet", [True, False])
async def test_a_disc_is_taken_with_its_label_and_the_systems_that_it_serves(tmp_path: Path, joliet: bool) -> None:
    content, here = disc(joliet=joliet), Drivers(tmp_path)
    about = await here.take(parts(content))
    assert (about.label, about.systems, about.size_bytes) == ("virtio-win-0.1", ["2k19"], len(content))
    assert about.sha256 == hashlib.sha256(content).hexdigest()
    assert await here.all() == [about] and await Drivers(tmp_path).all() == [about]
    path = here.disc()
    assert path is not None and path.read_bytes() == content


async def test_the_next_disc_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    here = Drivers(tmp_path)
    await here.take(parts(disc()))
    await asyncio.gather(here.take(parts(disc(label="second"))), here.take(parts(disc(label="third"))))
    assert [one.label in ("second", "third") for one in await here.all()] == [True]
    assert kept(tmp_path) == {"drivers.iso", "drivers.json"}


BROKEN = {
    "nothing": b"",
    "a text": b"hello" * 10_000,
    "zeros": bytes(1 << 20),
    "cut off": disc()[:-20_000],
    "cut off in its beginning": disc()[:33_000],
    "no drivers": disc(["readme.txt"]),
    "drivers for disks alone": disc(["viostor/2k19/amd64/viostor.inf"]),
    "another processor's": disc([one.replace("amd64", "x86") for one in FILES]),
    "systems without end": disc([f"{one}/s{number}/amd64/{one}.inf" for one in ("viostor", "NetKVM") for number in range(101)]),
    "a folder that holds itself": disc().replace(b"\x00V\x00I\x00O", b"\x00\x00\x00\x00\x00\x00").replace(b"\x00v\x00i\x00o", b"\xff" * 6),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_no_whole_disc_of_drivers_is_refused_and_the_one_before_stays(tmp_path: Path, what: str) -> None:
    here = Drivers(tmp_path)
    before = await here.take(parts(disc()))
    with pytest.raises(Fault) as refused:
        await here.take(parts(BROKEN[what]))
    assert refused.value.spec.key == "windows_drivers.none" and str(tmp_path) not in refused.value.message
    assert await here.all() == [before] and kept(tmp_path) == {"drivers.iso", "drivers.json"}


@pytest.mark.parametrize("at", range(0x8000, 0x8000 + 190, 9))
async def test_a_disc_with_any_damaged_descriptor_is_refused_or_read_but_breaks_nothing(tmp_path: Path, at: int) -> None:
    content = bytearray(disc())
    content[at : at + 9] = b"\xff" * 9
    here = Drivers(tmp_path)
    try:
        await here.take(parts(bytes(content)))
    except Fault as refused:
        assert refused.spec.key == "windows_drivers.none"
        assert kept(tmp_path) == set()


async def test_one_that_stops_coming_leaves_nothing(tmp_path: Path) -> None:
    async def stopping() -> AsyncIterator[bytes]:
        yield disc()[:50_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await Drivers(tmp_path).take(stopping())
    assert kept(tmp_path) == set()


async def test_one_that_hangs_keeps_no_other_back(tmp_path: Path) -> None:
    async def hanging() -> AsyncIterator[bytes]:
        yield disc()[:50_000]
        await asyncio.Event().wait()

    here = Drivers(tmp_path)
    waiting = asyncio.create_task(here.take(hanging()))
    await asyncio.sleep(0)
    about = await here.take(parts(disc()))
    assert await here.all() == [about]
    await here.remove()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert kept(tmp_path) == set()


async def test_one_that_is_too_large_is_refused_before_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "UPLOAD_LIMIT", 10_000)
    with pytest.raises(Fault) as refused:
        await Drivers(tmp_path).take(parts(disc()))
    assert refused.value.spec.key == "request.too_large" and kept(tmp_path) == set()


async def test_what_a_killed_agent_left_is_no_disc_and_goes_with_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "drivers.iso").write_bytes(b"moved, but not noted")
    here = Drivers(tmp_path)
    assert await here.all() == [] and here.disc() is None
    await here.take(parts(disc()))
    assert kept(tmp_path) == {"drivers.iso", "drivers.json"}


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"label": 1}'])
async def test_a_note_that_can_not_be_read_is_no_disc(tmp_path: Path, note: bytes) -> None:
    here = Drivers(tmp_path)
    await here.take(parts(disc()))
    (tmp_path / "drivers.json").write_bytes(note)
    assert await here.all() == []


async def test_a_disc_of_which_an_earlier_release_kept_no_digest_is_still_one(tmp_path: Path) -> None:
    here = Drivers(tmp_path)
    about = await here.take(parts(disc()))
    (tmp_path / "drivers.json").write_text(about.model_dump_json(exclude={"sha256"}))
    assert [one.sha256 for one in await here.all()] == [""] and here.disc() is not None


async def test_it_is_removed_once(tmp_path: Path) -> None:
    here = Drivers(tmp_path)
    await here.take(parts(disc()))
    await here.remove()
    assert await here.all() == [] and kept(tmp_path) == set()
    with pytest.raises(Fault) as refused:
        await here.remove()
    assert refused.value.status == 404


async def test_windows_can_be_prepared_with_the_disc_and_what_ends_its_set_up(tmp_path: Path) -> None:
    here = Drivers(tmp_path / "drivers")
    assert here.lack().startswith("neither the disc with the drivers for Windows nor the program rhsrvany.exe")
    await here.take(parts(disc()))
    assert here.lack().startswith("the program rhsrvany.exe, ")
    await here.programs.take("pvvxsvc.exe", parts(program()))
    assert here.lack() == ""
    await here.remove()
    assert here.lack() == "the disc with the drivers for Windows is not on this appliance"
