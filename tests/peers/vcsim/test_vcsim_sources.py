"""Reading disks out of the simulator's datastore through our sources."""

import asyncio
import os
import random
from dataclasses import replace
from pathlib import Path

import nbd
import pytest
from vcsim_peer import Simulator

from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.vsphere import inventory, snapshots
from appliance.vsphere.serving import https_source, open_source
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk
from tests.sources import SAME, compared

# The first test waits while the simulator is built.
pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]
SIZE = 24 << 20


async def frozen_disk(vcenter: VCenter) -> FrozenDisk:
    """The disk of a VM at a snapshot that is gone again (the simulator makes no delta), as long as the file we fill."""
    spec = await inventory.vm(vcenter, "/DC0/vm/DC0_H0_VM0")
    record = await snapshots.create(vcenter, spec.moref, "source")
    await snapshots.remove_ours(vcenter, spec.moref)
    return replace(record.disks[0], capacity_bytes=SIZE)


def fill(simulator: Simulator) -> Path:
    path = simulator.folder / "DC0_H0_VM0" / "disk1-flat.vmdk"
    path.write_bytes(random.Random(1).randbytes(SIZE // 2) + bytes(SIZE // 4) + random.Random(2).randbytes(SIZE // 4))
    return path


async def test_a_disk_is_read_identically_over_https(simulator: Simulator, vcenter: VCenter, children: Children, short: Path) -> None:
    file = fill(simulator)
    source = await https_source(vcenter, await frozen_disk(vcenter), "/DC0")
    async with await open_source(children, vcenter, source, "source/1/disk-204", short) as opened:
        assert await compared(opened, file) == SAME
    assert list(short.iterdir()) == []


async def test_a_certificate_for_another_name_is_still_pinned_and_read(
    foreign_name: Simulator, foreign_vcenter: VCenter, children: Children, short: Path
) -> None:
    file = fill(foreign_name)
    source = await https_source(foreign_vcenter, await frozen_disk(foreign_vcenter), "/DC0")
    async with await open_source(children, foreign_vcenter, source, "source/1/disk-204", short) as opened:
        assert await compared(opened, file) == SAME


async def test_several_connections_read_at_once(simulator: Simulator, vcenter: VCenter, children: Children, short: Path) -> None:
    expected = fill(simulator).read_bytes()
    source = await https_source(vcenter, await frozen_disk(vcenter), "/DC0")

    def read(at: int) -> bool:
        handle = nbd.NBD()
        handle.connect_unix(str(opened.socket))
        return bytes(handle.pread(1 << 20, at)) == expected[at : at + (1 << 20)]

    async with await open_source(children, vcenter, source, "source/1/disk-204", short) as opened:
        assert all(await asyncio.gather(*(asyncio.to_thread(read, at) for at in range(0, SIZE, SIZE // 8))))


async def test_a_server_with_another_certificate_is_not_read_from(
    simulator: Simulator, foreign_name: Simulator, vcenter: VCenter, children: Children, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.vsphere.sources.TRIES", 0)
    fill(simulator)
    source = replace(await https_source(vcenter, await frozen_disk(vcenter), "/DC0"), certificate=foreign_name.certificate.read_text())
    with pytest.raises(Fault) as caught:
        await open_source(children, vcenter, source, "source/1/disk-204", short)
    assert caught.value.key == "vcenter.source_failed"
    assert list(short.iterdir()) == []


async def test_a_file_of_another_length_is_refused(simulator: Simulator, vcenter: VCenter) -> None:
    os.truncate(fill(simulator), SIZE - 512)
    with pytest.raises(Fault) as caught:
        await https_source(vcenter, await frozen_disk(vcenter), "/DC0")
    assert caught.value.key == "vcenter.source_length"


async def test_no_secret_is_in_the_arguments(simulator: Simulator, vcenter: VCenter, children: Children, short: Path) -> None:
    fill(simulator)
    source = await https_source(vcenter, await frozen_disk(vcenter), "/DC0")
    secret = vcenter.cookie.partition("=")[2].strip('"')
    async with await open_source(children, vcenter, source, "source/1/disk-204", short) as opened:
        lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children.living(""))
        assert lines and secret.encode() not in lines
        assert (opened.folder / "cookie").stat().st_mode & 0o777 == 0o600
