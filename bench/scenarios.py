"""What is measured: `copy_tls`, `copy_plain` and `sparse_1tib`, each a function that gives its object for bench.json."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.core.commands import Children
from appliance.replication.mover.protocol import Target
from appliance.tunnel.ciphers import write_priority_file
from bench import servers
from bench.copies import PROCESSES, Ours, door, nbdcopy
from bench.disks import GIB, MIB, TIB, make_disk, make_stale
from bench.pairs import Pair, Run, alternate
from bench.results import result

PEER_CONNECTIONS = (1, 2, 4)
Copying = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Ground:
    """Where and how large: a folder on tmpfs, bytes of data in the large disk, pairs to run."""

    folder: Path
    children: Children
    data: int
    pairs: int

    @classmethod
    def from_environment(cls, folder: Path) -> Ground:
        """The sizes that count, unless BENCH_DATA_MIB and BENCH_PAIRS say smaller ones for a trial."""
        data = int(os.environ.get("BENCH_DATA_MIB", "3072")) * MIB
        return cls(folder, Children(folder / "children"), data, int(os.environ.get("BENCH_PAIRS", "9")))

    @property
    def capacity(self) -> int:
        """Of the large disk: 8 GiB when it holds 3."""
        return self.data // 3 * 8 // MIB * MIB


async def copy_tls(ground: Ground) -> dict[str, object]:
    """A full copy through the front door with TLS beside nbdcopy to a TLS nbdkit with the same cipher."""
    disk, target = _disks(ground)
    env = write_priority_file(ground.folder / "gnutls-priority")
    async with (
        servers.source(ground.children, ground.folder, disk) as source,
        servers.tls_target(ground.children, ground.folder, target, env) as uri,
        door(ground.children, ground.folder) as entrance,
    ):
        ours = Ours(ground.children, source)

        async def copy() -> None:
            await ours.copy(await entrance.targets(target, PROCESSES))

        return await _against_nbdcopy(ground, ours, copy, lambda count: nbdcopy(source, uri, count, env))


async def copy_plain(ground: Ground) -> dict[str, object]:
    """The same without TLS; ours to a server of one thread a connection, as data sessions have it."""
    disk, target = _disks(ground)
    async with (
        servers.source(ground.children, ground.folder, disk) as source,
        servers.plain_target(ground.children, target, "--threads=1") as port,
        servers.plain_target(ground.children, target) as peer_port,
    ):
        ours, targets = Ours(ground.children, source), _plain(port)
        uri = f"nbd://127.0.0.1:{peer_port}"
        return await _against_nbdcopy(ground, ours, lambda: ours.copy(targets), lambda count: nbdcopy(source, uri, count))


async def sparse_1tib(ground: Ground) -> dict[str, object]:
    """A disk of 1 TiB that holds 1 GiB beside a full disk of 1 GiB: both by ours, the small one standing as the peer."""
    large, small = ground.folder / "large.raw", ground.folder / "small.raw"
    data = ground.data // 3 // MIB * MIB
    make_disk(large, TIB * data // GIB, data, 16)
    make_disk(small, data, data, 1)
    runs: list[Run] = []
    crews: list[Ours] = []
    async with contextlib.AsyncExitStack() as stack:
        for disk in (large, small):
            target = ground.folder / f"target-{disk.name}"
            make_stale(target, disk)
            source = await stack.enter_async_context(servers.source(ground.children, ground.folder, disk))
            port = await stack.enter_async_context(servers.plain_target(ground.children, target))
            ours = Ours(ground.children, source)
            crews.append(ours)
            runs.append(_timed(disk, target, _whole(ours, port)))
        pairs = await alternate(runs[0], runs[1], ground.pairs, ground.pairs)
    return result(pairs, max(ours.peak_rss for ours in crews), capacity=large.stat().st_size, data=data)


def _whole(ours: Ours, port: int) -> Copying:
    return lambda: ours.copy(_plain(port))


def _plain(port: int) -> tuple[Target, ...]:
    return (Target("127.0.0.1", port, plain=True),) * PROCESSES


def _disks(ground: Ground) -> tuple[Path, Path]:
    disk = ground.folder / "source.raw"
    if not disk.exists():
        make_disk(disk, ground.capacity, ground.data, 6)
    target = ground.folder / "target.raw"
    make_stale(target, disk)
    return disk, target


async def _against_nbdcopy(ground: Ground, ours: Ours, copy: Copying, peer: Callable[[int], Awaitable[None]]) -> dict[str, object]:
    disk, target = ground.folder / "source.raw", ground.folder / "target.raw"

    def peer_with(connections: int) -> Run:
        return _timed(disk, target, lambda: peer(connections))

    run = _timed(disk, target, copy)
    trials = {count: min([await peer_with(count)() for _ in range(2)]) for count in PEER_CONNECTIONS}
    best = min(trials, key=lambda count: trials[count])
    pairs: list[Pair] = await alternate(run, peer_with(best), ground.pairs, ground.pairs)
    return result(pairs, ours.peak_rss, peer=f"nbdcopy -C {best}", capacity=ground.capacity, data=ground.data)


def _timed(disk: Path, target: Path, copy: Copying) -> Run:
    """Copies onto a target that holds something else, and gives the seconds; the copy is compared with the disk afterwards."""

    async def run() -> float:
        make_stale(target, disk)
        began = time.monotonic()
        await copy()
        seconds = time.monotonic() - began
        if not await servers.identical(disk, target):
            raise RuntimeError(f"the copy of {disk.name} differs from it")
        return seconds

    return run
