"""One copy by ours and by the peer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.core.commands import Children, run
from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Source, Target, Work
from appliance.replication.movers import CopyJob, Done, Progress, allocated, copy_disk
from appliance.tunnel.data import DataServer
from appliance.tunnel.frontdoor import FrontDoor
from appliance.tunnel.sessions import DataSessions
from appliance.tunnel.sniff import Kind

PROCESSES = 2


@dataclass
class Ours:
    """The product's way of copying one disk; remembers the memory it took."""

    children: Children
    source: Path
    processes: int = PROCESSES
    peak_rss: int = field(default=0, init=False)

    async def copy(self, targets: tuple[Target, ...]) -> None:
        """Copies the whole disk: asks what is allocated, copies that, zeroes the rest. Raises RuntimeError when it did not succeed."""
        source = Source(str(self.source))
        job = CopyJob("bench/copy", source, targets, _everything(source), processes=self.processes)
        result = await copy_disk(self.children, job, _unheard)
        if result.failure is not None:
            raise RuntimeError(f"the copy failed: {result.failure}")
        self.peak_rss = max(self.peak_rss, result.peak_rss)


async def _everything(source: Source) -> Work:
    capacity, data = await allocated(source)
    return Work(data, Extents.whole(capacity) - data)


async def _unheard(_event: Done | Progress) -> None:
    """The benchmark asks only for the end."""


class Door:
    """The OMA's front door with data sessions for one disk, as the agent puts them together."""

    def __init__(self, sessions: DataSessions, port: int, folder: Path) -> None:
        self.sessions, self.port, self.folder = sessions, port, folder

    async def targets(self, disk: Path, connections: int) -> tuple[Target, ...]:
        """A fresh session on the disk: one target for each connection."""
        grant = await self.sessions.grant(
            job_id="bench", volume_id="bench", device=disk, peer_id="bench", direction="write", connections=connections
        )
        key = self.folder / "ours.psk"
        key.write_text(f"{grant.psk_identity}:{grant.psk_hex}\n")
        return tuple(Target("127.0.0.1", self.port, token=token, identity=grant.psk_identity, key_file=str(key)) for token in grant.tokens)


@contextlib.asynccontextmanager
async def door(children: Children, folder: Path) -> AsyncIterator[Door]:
    """An open front door on a free port."""
    sessions = DataSessions(folder / "sessions", children)
    await sessions.start()
    data = DataServer(sessions, children, folder)
    await data.start()
    entrance = FrontDoor({Kind.DATA: data.serve})
    await entrance.open("127.0.0.1", 0)
    try:
        yield Door(sessions, entrance.port, folder)
    finally:
        await entrance.close()
        await sessions.stop()
        await data.stop()


async def nbdcopy(source: Path, uri: str, connections: int, env: Mapping[str, str] | None = None) -> None:
    """The peer's copy. Raises CommandFailed."""
    argv = ["nbdcopy", f"--connections={connections}", f"nbd+unix:///?socket={source}", uri]
    await run(argv, timeout=600, env=env)
