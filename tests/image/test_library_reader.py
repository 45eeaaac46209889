"""Disks read by nbdkit with the plugin that images have, through a library at the vendor's own interface.

The plugin is built where it is not in the cache, which takes a minute; then the tests take seconds.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.contract.disk_library import Reader
from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.lab.vcenter import DiskPlan, Plan, VcenterLab, VmPlan
from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Source, Target, Work
from appliance.replication.movers import CopyJob, Done, Progress, copy_disk
from appliance.vsphere import inventory, snapshots
from appliance.vsphere.certificate import fingerprint_of
from appliance.vsphere.reading import Where, library_source, open_disk
from appliance.vsphere.serving import open_source
from appliance.vsphere.vddk.archive import TOP
from appliance.vsphere.vddk.library import Library
from image.vddk_plugin import vddk_plugin
from tests.sources import DIFFERENT, SAME, compared, logged_in
from tests.uploads import parts
from tests.vsphere.disk_library import file, link, packed

SOURCE = Path(__file__).parents[1] / "peers/vddk/libvixDiskLib.c"
SIZE, VERSION = 48 << 20, "7.0.3"
LIB = f"{TOP}/lib64/libvixDiskLib.so"
pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def wanted(request: pytest.FixtureRequest) -> None:
    """Who builds images has what builds the plugin."""
    if request.config.getoption("--images") is None:
        pytest.skip("needs --images")


@pytest.fixture(scope="module")
def plugin(request: pytest.FixtureRequest) -> str:
    return str(vddk_plugin(Path(request.config.getoption("--images")) / "cache"))


@pytest.fixture
async def lab(short: Path, tmp_path: Path) -> AsyncIterator[VcenterLab]:
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as written:
        for at in (0, 9 << 20, SIZE - (3 << 20)):  # holes between them
            written.seek(at)
            written.write(random.Random(at).randbytes(3 << 20))
    plan = Plan(vms=[VmPlan(name="web", disks=[DiskPlan(source=disk, size=SIZE)], powered_on=True)])
    async with VcenterLab(short / "lab", plan) as running:
        yield running


@pytest.fixture
async def where(lab: VcenterLab, short: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Where]:
    """The disk of a VM at a snapshot; the stand-in knows it, and the login and certificate of this vCenter."""
    async with logged_in(lab) as vcenter:
        record = await snapshots.create(vcenter, (await inventory.vm(vcenter, "/DC0/vm/web")).moref, "job-1")
        sha1 = fingerprint_of(vcenter.certificate, "sha1")
        monkeypatch.setenv("STAND_IN_DISK", str(frozen(lab)))
        monkeypatch.setenv("STAND_IN_USER", lab.user)
        monkeypatch.setenv("STAND_IN_PASSWORD", lab.password)
        monkeypatch.setenv("STAND_IN_THUMBPRINT", ":".join(sha1[at : at + 2] for at in range(0, 40, 2)))
        yield Where(vcenter, record, record.disks[0], "/DC0", "copy/job-1/disk-2000", short / "run")


def frozen(lab: VcenterLab) -> Path:
    return lab.estate.datastore / "web" / "web-flat.vmdk"


async def brought(folder: Path, plugin: str, *options: str) -> tuple[Library, str]:
    """The stand-in, compiled, packed as the vendor packs it, and uploaded."""
    built = folder / "built.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", *options, "-o", built, SOURCE], check=True)
    members = [file(f"{LIB}.{VERSION}", built.read_bytes()), link(f"{LIB}.7", f"libvixDiskLib.so.{VERSION}")]
    library = Library(folder / "disk-library", plugin)
    await library.open()
    return library, (await library.take(parts(packed(members)))).sha256


async def installed(folder: Path, plugin: str, *options: str) -> Library:
    library, sha256 = await brought(folder, plugin, *options)
    assert (await library.accept(sha256)).reader is Reader.LIBRARY
    return library


class Told(list[Fault]):
    """What the caller is told when the library failed."""

    async def __call__(self, error: Fault) -> None:
        self.append(error)


async def test_a_disk_is_read_identically_with_the_library(
    lab: VcenterLab, where: Where, children: Children, tmp_path: Path, plugin: str
) -> None:
    library, told = await installed(tmp_path, plugin), Told()
    async with await open_disk(children, where, library.usable, told) as opened:
        assert opened.source.reader is Reader.LIBRARY
        assert await compared(opened, frozen(lab)) == SAME
        mapped = subprocess.run(["nbdinfo", "--map", "--totals", opened.uri], capture_output=True, text=True, check=True).stdout
        assert "hole,zero" in mapped and "data" in mapped
    assert told == [] and list(where.runtime.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("STAND_IN_THUMBPRINT", "00:11", "thumbprint is wrong"),
        ("STAND_IN_PASSWORD", "another", "incorrect user name or password"),
        ("STAND_IN_DISK", "/nowhere", "not found"),
    ],
)
async def test_what_the_library_refuses_is_read_over_https_and_told(
    variable: str,
    value: str,
    words: str,
    lab: VcenterLab,
    where: Where,
    children: Children,
    tmp_path: Path,
    plugin: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    library, told = await installed(tmp_path, plugin), Told()
    async with await open_disk(children, where, library.usable, told) as opened:
        assert opened.source.reader is Reader.HTTPS and await compared(opened, frozen(lab)) == SAME
    assert [one.key for one in told] == ["vcenter.source_failed"] and words in told[0].cause
    assert lab.password not in f"{told[0]} {told[0].cause}"


async def test_a_disk_that_the_library_finds_shorter_is_read_over_https(
    lab: VcenterLab, where: Where, children: Children, tmp_path: Path, plugin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shorter.raw").write_bytes(bytes(1 << 20))
    monkeypatch.setenv("STAND_IN_DISK", str(tmp_path / "shorter.raw"))
    library, told = await installed(tmp_path, plugin), Told()
    async with await open_disk(children, where, library.usable, told) as opened:
        assert opened.source.reader is Reader.HTTPS and await compared(opened, frozen(lab)) == SAME
    assert [one.key for one in told] == ["vcenter.source_length"]


async def test_a_library_that_is_gone_at_the_time_of_reading_ends_in_https(
    lab: VcenterLab, where: Where, children: Children, tmp_path: Path, plugin: str
) -> None:
    library, told = await installed(tmp_path, plugin), Told()
    usable = library.usable
    await library.delete()
    async with await open_disk(children, where, usable, told) as opened:
        assert opened.source.reader is Reader.HTTPS and await compared(opened, frozen(lab)) == SAME
    assert len(told) == 1


async def test_reading_that_breaks_off_is_an_error_and_never_other_data(
    lab: VcenterLab, where: Where, children: Children, tmp_path: Path, plugin: str
) -> None:
    library = await installed(tmp_path, plugin, f"-DBREAKS_AT={(10 << 20) // 512}")
    assert library.usable is not None
    source = library_source(where, library.usable)
    async with await open_source(children, where.vcenter, source, where.owner, where.runtime) as opened:
        assert await compared(opened, frozen(lab)) not in (SAME, DIFFERENT)


@pytest.mark.parametrize(("option", "words"), [("-DCRASHES", "crashes"), ("-DLACKS_WAIT", "lacks something")])
async def test_a_library_that_can_not_be_loaded_is_not_installed(option: str, words: str, tmp_path: Path, plugin: str) -> None:
    library, sha256 = await brought(tmp_path, plugin, option)
    with pytest.raises(Fault) as caught:
        await library.accept(sha256)
    assert caught.value.key == "library.unusable" and words in caught.value.message
    assert library.usable is None and (await library.state()).reader is Reader.HTTPS


async def test_the_password_is_on_no_command_line(where: Where, children: Children, tmp_path: Path, plugin: str) -> None:
    library = await installed(tmp_path, plugin)
    async with await open_disk(children, where, library.usable, Told()) as opened:
        assert opened.source.reader is Reader.LIBRARY
        lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in children.living(where.owner)]
    assert lines and not any(where.vcenter.password in line for line in lines)


async def test_the_copying_processes_copy_a_whole_disk_that_the_library_reads(
    lab: VcenterLab, where: Where, children: Children, short: Path, tmp_path: Path, plugin: str
) -> None:
    library, target = await installed(tmp_path, plugin), tmp_path / "target.raw"
    with target.open("wb") as written:
        for _ in range(SIZE >> 20):
            written.write(b"\xff" * (1 << 20))
    socket = short / "target.sock"
    served = await children.spawn("target", ["nbdkit", "--foreground", f"--unix={socket}", "file", str(target)])
    async with asyncio.timeout(10):
        while not socket.exists():
            await asyncio.sleep(0.02)
    async with await open_disk(children, where, library.usable, Told()) as opened:
        assert opened.source.reader is Reader.LIBRARY
        job = CopyJob(
            owner=where.owner,
            source=Source(socket=str(opened.socket), connections=2),
            targets=(Target(socket=str(socket), plain=True),) * 4,
            work=Work(read=Extents.whole(SIZE)),
            processes=2,
        )
        outcome = await copy_disk(children, job, heard)
    assert outcome.failure is None
    await served.terminate(5.0)
    assert target.read_bytes() == frozen(lab).read_bytes()


async def heard(event: Done | Progress) -> None:
    """Nobody follows."""
