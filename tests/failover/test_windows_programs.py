"""The programs for Windows that the operator brings: what is taken for one, and where a preparation finds them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from windows_program import AMD64, LIBRARY, program

from appliance.contract.errors import Fault
from appliance.contract.windows_drivers import PROGRAM_LIMIT
from appliance.failover.programs import Programs, program_flaw
from tests.uploads import parts

WANTED = "rhsrvany.exe"


def here(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "drivers" / "programs", tmp_path / "system")


def kept(tmp_path: Path) -> list[str]:
    return sorted(str(one.relative_to(tmp_path / "drivers")) for one in (tmp_path / "drivers").rglob("*") if one.is_file())


@pytest.mark.parametrize("content", [program(), program(AMD64), program(sections=1), program() + b"signature"])
async def test_a_program_is_kept_under_its_name_and_listed_with_its_digest(tmp_path: Path, content: bytes) -> None:
    programs = here(tmp_path)
    about = await programs.take(WANTED, parts(content))
    assert (about.name, about.size_bytes, about.sha256) == (WANTED, len(content), hashlib.sha256(content).hexdigest())
    assert await here(tmp_path).all() == [about] and kept(tmp_path) == ["programs/rhsrvany.exe"]


BROKEN = {
    "nothing": b"",
    "a text": b"hello" * 1000,
    "two letters": b"MZ",
    "of another system": b"\x7fELF" + bytes(4000),
    "without its mark": program().replace(b"PE\0\0", b"NE\0\0"),
    "a header far away": program()[:0x3C] + b"\xff\xff\xff\x7f" + program()[0x40:],
    "cut off": program()[:-1],
    "cut off in its headers": program()[:0x90],
    "cut off in its sections": program()[:0x180],
    "a library": program(traits=LIBRARY),
    "no program": program(traits=0),
    "another processor's": program((0xAA64, 0x20B)),
    "of two kinds": program((0x14C, 0x20B)),
    "empty": program(sections=0),
    "more sections than there are": program().replace(b"\x4c\x01\x02\x00", b"\x4c\x01\xff\xff"),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_no_whole_program_is_refused_and_the_one_before_stays(tmp_path: Path, what: str) -> None:
    programs = here(tmp_path)
    before = await programs.take(WANTED, parts(program()))
    with pytest.raises(Fault) as refused:
        await programs.take(WANTED, parts(BROKEN[what]))
    assert refused.value.key == "windows_drivers.no_program" and WANTED in refused.value.message
    assert await programs.all() == [before] and kept(tmp_path) == ["programs/rhsrvany.exe"]


@pytest.mark.parametrize("at", range(0, 0x200, 7))
def test_damage_anywhere_in_the_headers_breaks_nothing(at: int) -> None:
    content = bytearray(program())
    content[at : at + 7] = b"\xff" * 7
    assert isinstance(program_flaw(bytes(content)), str)


async def test_one_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fault) as refused:
        await here(tmp_path).take(WANTED, parts(program(body=bytes(PROGRAM_LIMIT)), 1 << 20))
    assert refused.value.key == "request.too_large" and kept(tmp_path) == []


@pytest.mark.parametrize("name", ["", "..", "calc.exe", "../drivers.iso", "RHSRVANY.EXE", "rhsrvany.exe/.."])
async def test_only_programs_that_a_preparation_looks_for_have_a_place(tmp_path: Path, name: str) -> None:
    programs = here(tmp_path)
    await programs.take(WANTED, parts(program()))
    with pytest.raises(Fault) as refused:
        await programs.take(name, parts(program()))
    assert refused.value.key == "windows_drivers.unknown_program" and WANTED in refused.value.guidance
    with pytest.raises(Fault) as unknown:
        await programs.remove(name)
    assert unknown.value.status == 404 and kept(tmp_path) == ["programs/rhsrvany.exe"]


async def test_a_preparation_finds_what_was_brought_here_before_what_the_system_has(tmp_path: Path) -> None:
    programs, system = here(tmp_path), tmp_path / "system"
    assert programs.folder() is None
    await programs.take("pnp_wait.exe", parts(program()))
    assert programs.folder() is None
    system.mkdir()
    (system / WANTED).write_bytes(program())
    assert programs.folder() == system
    await programs.take("pvvxsvc.exe", parts(program()))
    assert programs.folder() == tmp_path / "drivers" / "programs"
    await programs.remove("pvvxsvc.exe")
    assert programs.folder() == system and [one.name for one in await programs.all()] == ["pnp_wait.exe"]
