"""Which blocks are compared, and how they are read here and there."""

import hashlib
import os
import random
from pathlib import Path

import pytest

from appliance.core.commands import Children
from appliance.replication.extents import Extent, Extents
from appliance.replication.hashers import hashing
from appliance.replication.mover.protocol import CopyError, Kind, Source
from appliance.replication.transfer.examining import pages
from appliance.replication.verify import device
from appliance.replication.verify.sample import sample, size
from tests.replication.mover.mover_rig import Servers

MIB = 1 << 20
GIB = 1 << 30


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


@pytest.mark.parametrize(
    ("capacity", "blocks"),
    [(0, 4), (512, 4), (400 * MIB, 4), (GIB, 10), (4 * GIB, 40), (6 * GIB + 512, 61), (100 * GIB, 64), (64 << 40, 64)],
)
def test_a_sample_is_a_hundredth_of_a_disk_within_its_bounds(capacity: int, blocks: int) -> None:
    assert size(capacity, MIB, 0.01, 64 * MIB, 4) == blocks


@pytest.mark.parametrize("seed", range(20))
def test_half_of_a_sample_is_of_what_the_cycle_wrote(seed: int) -> None:
    draw = random.Random(seed).randrange
    changed = Extents.of([(100 * MIB, 4 * MIB), (900 * MIB + 5, 3)])
    found = sample(changed, GIB, MIB, 10, draw)
    assert all(offset % MIB == 0 and length % MIB == 0 for offset, length in found)
    assert 5 <= found.total // MIB <= 10
    assert (found & changed.aligned(MIB)).total >= 3 * MIB


def test_a_small_disk_is_compared_whole_and_its_last_block_may_be_short() -> None:
    assert sample(Extents(), 3 * MIB + 512, MIB, 4, random.randrange) == Extents.whole(3 * MIB + 512)


def test_a_sample_of_an_empty_disk_is_empty() -> None:
    assert sample(Extents(), 0, MIB, 4, random.randrange) == Extents()


def test_a_sample_never_reaches_beyond_the_disk() -> None:
    capacity = 9 * MIB + 512
    changed = Extents.of([(9 * MIB, 512)])
    found = sample(changed, capacity, MIB, 4, random.Random(1).randrange)
    assert found.end == capacity


def test_blocks_are_asked_about_in_pages() -> None:
    found = list(pages(Extents.of([(MIB, 40 * MIB), (100 * MIB, 512)]), MIB))
    assert [len(one) for one in found] == [32, 9]
    assert found[0][0] == Extent(MIB, MIB) and found[1][-1] == Extent(100 * MIB, 512)


def test_the_disk_itself_is_hashed_also_where_its_last_block_is_short(tmp_path: Path) -> None:
    content, path = os.urandom(2 * MIB + 512), tmp_path / "disk"
    path.write_bytes(content)
    blocks = [(0, MIB), (MIB, MIB), (2 * MIB, 512)]
    assert device.digests(path, blocks) == [digest(content[offset : offset + length]) for offset, length in blocks]


def test_a_volume_may_be_larger_than_its_disk(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(b"a" * 1536 + b"b" * MIB)
    assert device.digests(path, [(0, 1536)]) == [digest(b"a" * 1536)]


def test_a_disk_that_is_too_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(bytes(MIB))
    with pytest.raises(OSError, match="ends"):
        device.digests(path, [(MIB, 512)])


@pytest.fixture
def servers(tmp_path: Path):  # type: ignore[no-untyped-def]
    started = Servers(tmp_path)
    yield started
    for name in list(started.processes):
        started.kill(name)


@pytest.mark.peers
async def test_the_hashing_process_tells_digests_in_the_order_of_the_page(tmp_path: Path, servers: Servers) -> None:
    content, path = os.urandom(20 * MIB + 512), tmp_path / "disk.raw"
    path.write_bytes(content)
    source = Source(socket=servers.serve("source", "-r", "file", str(path)), connections=2)
    children = Children(tmp_path / "children")
    async with hashing(children, "copy/1/disk", source) as hasher:
        for blocks in ([Extent(n * MIB, MIB) for n in range(20)], [Extent(20 * MIB, 512), Extent(0, 4096)]):
            wanted = [digest(content[one.offset : one.end]) for one in blocks]
            assert await hasher.digests(blocks) == wanted
    assert children.living("copy/") == []


@pytest.mark.peers
async def test_a_read_error_is_told_with_its_place(tmp_path: Path, servers: Servers) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(4 * MIB))
    broken = ("--filter=error", "file", str(path), "error-pread=EIO", "error-pread-rate=100%")
    source = Source(socket=servers.serve("source", "-r", *broken), connections=1)
    async with hashing(Children(tmp_path / "children"), "copy/1/disk", source) as hasher:
        with pytest.raises(CopyError) as failed:
            await hasher.digests([Extent(MIB, MIB)])
    assert (failed.value.kind, failed.value.offset, failed.value.errno) == (Kind.SOURCE_ERROR, MIB, 5)


@pytest.mark.peers
async def test_blocks_beyond_the_source_are_refused(tmp_path: Path, servers: Servers) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(MIB))
    source = Source(socket=servers.serve("source", "-r", "file", str(path)), connections=1)
    async with hashing(Children(tmp_path / "children"), "copy/1/disk", source) as hasher:
        with pytest.raises(CopyError) as failed:
            await hasher.digests([Extent(0, 2 * MIB)])
    assert failed.value.kind is Kind.REFUSED
