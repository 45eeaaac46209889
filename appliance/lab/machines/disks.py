"""The disks of a machine: layers of files, snapshots, and which blocks changed since when."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from appliance.lab.machines import diskwork, files, nbdclient
from appliance.lab.machines.blocks import Layer
from appliance.lab.machines.engine import Engine, Hook
from appliance.lab.machines.state import ChangePoint, Snapshot, load, save
from appliance.lab.machines.storage import StorageDaemon
from appliance.lab.machines.tracking import Extent, Track, UnknownPoint, whole_blocks

T = TypeVar("T")


@dataclass(frozen=True)
class SourceDisk:
    """A disk: vSphere's device key, the raw file of its base, its size in bytes."""

    key: int
    path: Path
    capacity: int


class SnapshotsPresent(Exception):
    """The change asked for cannot be made while the machine has snapshots."""


class GuestRunning(Exception):
    """Only the guest itself can write to the disks of a machine that is on."""


class TrackedDisks:
    """Disks that a running engine holds, or nobody; in the second case a storage daemon is started for the time of each change.

    Changes of the running interval are in the engine's memory and are fetched before it ends. If it dies, they are lost,
    and every disk begins a new epoch.
    """

    def __init__(self, folder: Path, disks: Sequence[SourceDisk]) -> None:
        """Files that are not there yet are made, as holes; the rest is read from `folder`/machine.json."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._file = folder, folder / "machine.json"
        self._given = {disk.key: disk for disk in disks}
        self._state = load(self._file, {disk.key: disk.capacity for disk in disks})
        self._lock = asyncio.Lock()
        self._holder: Engine | None = None
        for disk in self.disks:
            files.make(disk.path, disk.capacity)
        self._settle()

    @property
    def disks(self) -> list[SourceDisk]:
        """The disks, with today's capacities."""
        return [replace(disk, capacity=self._state.capacities[key]) for key, disk in self._given.items()]

    @property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots, oldest first."""
        return list(self._state.snapshots)

    @property
    def tracking(self) -> bool:
        """Whether changed blocks are tracked."""
        return bool(self._state.tracks)

    async def enable_tracking(self) -> None:
        """Track changed blocks from now on, with a new epoch per disk; does nothing when they are tracked. Raises SnapshotsPresent."""
        async with self._lock:
            if self.tracking:
                return
            self._refuse_snapshots()
            for key in self._given:
                await self._track_anew(key)
            self._save()

    async def disable_tracking(self) -> None:
        """Forget all changes. Raises SnapshotsPresent."""
        async with self._lock:
            self._refuse_snapshots()
            for key in list(self._state.tracks):
                if (engine := self._holding) is not None:
                    await diskwork.forget(engine, self._active(key).node)
                del self._state.tracks[key]
            self._save()

    def epoch(self, key: int) -> UUID:
        """The epoch of a disk's tracking; raises UnknownPoint when it is not tracked."""
        return self._track(key).epoch

    def sequence(self, key: int) -> int:
        """The number of the last moment of a disk (1 when tracking began, one more with each snapshot); raises UnknownPoint."""
        return self._track(key).sequence

    async def new_epoch(self, key: int) -> None:
        """Lose what is known of one disk's changes, as a real host can: a fault for tests. Raises UnknownPoint."""
        async with self._lock:
            self._track(key)
            await self._track_anew(key)
            self._save()

    async def take_snapshot(self, id: str) -> Snapshot:
        """Freeze all disks at one moment; raises ValueError when the name is taken."""
        async with self._lock:
            if any(snapshot.id == id for snapshot in self._state.snapshots):
                raise ValueError(f"there is a snapshot {id} already")
            self._settle()
            self._state.overlays_made += 1
            overlays = {key: self._overlay(key, self._state.overlays_made) for key in self._given}
            for key, overlay in overlays.items():
                await files.make_overlay(overlay.path, self._state.capacities[key])
            if (engine := self._holding) is not None:
                await self._freeze(engine, overlays)
            points = {key: ChangePoint(track.epoch, track.close()) for key, track in self._state.tracks.items()}
            snapshot = Snapshot(id, points, self._state.overlays_made)
            self._state.snapshots.append(snapshot)
            self._save()
            return snapshot

    async def remove_snapshot(self, id: str) -> None:
        """Merge what was written after it into what was frozen; any of a chain. Raises KeyError; may be done again after a failure."""
        async with self._lock:
            snapshot = next((snapshot for snapshot in self._state.snapshots if snapshot.id == id), None)
            if snapshot is None:
                raise KeyError(id)
            async with self._disks_open() as engine:
                for key in self._given:
                    await self._merge(engine, key, self._overlay(key, snapshot.overlay))
            self._state.snapshots.remove(snapshot)
            self._save()

    async def changed(self, key: int, since: int, until: int | None = None) -> list[Extent]:
        """What was written between two moments of today's epoch (None: now), in whole 64 KiB blocks. Raises UnknownPoint."""
        async with self._lock:
            track = self._track(key)
            live = await self._dirty(key) if until is None else []
            return whole_blocks([*track.between(since, until), *live], self._state.capacities[key])

    async def allocated(self, key: int) -> list[Extent]:
        """The 64 KiB blocks of the base file that hold data or written zeros, not holes."""
        data = await asyncio.to_thread(files.data_extents, self._given[key].path)
        return whole_blocks(data, self._state.capacities[key])

    async def read(self, key: int, offset: int, length: int) -> bytes:
        """What the guest would read."""
        return await self._access(key, False, nbdclient.read, offset, length)

    async def write(self, key: int, offset: int, data: bytes) -> None:
        """Write as the guest would. Raises GuestRunning for a guest that is on."""
        await self._access(key, True, nbdclient.write, offset, data)

    async def zero(self, key: int, offset: int, length: int) -> None:
        """Write zeros as the guest would. Raises GuestRunning for a guest that is on."""
        await self._access(key, True, nbdclient.zero, offset, length)

    async def grow(self, key: int, capacity: int) -> None:
        """Make a disk larger (bytes), on or off. Raises SnapshotsPresent, or ValueError when it would shrink."""
        async with self._lock, self._disks_open() as engine:
            self._refuse_snapshots()
            if capacity < self._state.capacities[key]:
                raise ValueError("a disk cannot be made smaller")
            await engine.qmp.execute("block_resize", node_name=self._active(key).node, size=capacity)
            self._state.capacities[key] = capacity
            self._save()

    # --- layers: the base, and one overlay per snapshot; an overlay whose file is gone was merged before a removal was interrupted

    def _layers(self, key: int) -> list[Layer]:
        overlays = [self._overlay(key, snapshot.overlay) for snapshot in self._state.snapshots]
        return [Layer(f"disk{key}", self._given[key].path), *(layer for layer in overlays if layer.path.exists())]

    def _active(self, key: int) -> Layer:
        return self._layers(key)[-1]

    def _overlay(self, key: int, number: int) -> Layer:
        return Layer(f"disk{key}.{number}", self._folder / "overlays" / f"disk{key}-{number:06d}.qcow2", "qcow2")

    async def _freeze(self, engine: Engine, overlays: dict[int, Layer]) -> None:
        """Put overlays on all disks at one moment, and fetch what the interval that ends with it has."""
        frozen = {key: self._active(key).node for key in overlays}
        await diskwork.put_on_top(engine, [(frozen[key], overlay) for key, overlay in overlays.items()], tracked=self.tracking)
        for key, track in self._state.tracks.items():
            track.add(await diskwork.dirty(engine, frozen[key]))
            await diskwork.forget(engine, frozen[key])

    async def _merge(self, engine: Engine, key: int, top: Layer) -> None:
        layers = self._layers(key)
        if top not in layers:
            return
        below, active = layers[layers.index(top) - 1], layers[-1]
        await diskwork.merge_down(engine, active.node, top.node, below.node, tracked=self.tracking)
        top.path.unlink()

    # --- the engine that holds the disks

    @property
    def _holding(self) -> Engine | None:
        return self._holder if self._holder is not None and self._holder.running else None

    @asynccontextmanager
    async def _disks_open(self) -> AsyncIterator[Engine]:
        """The running engine, or a storage daemon for as long as this is needed."""
        if self._holding is not None:
            yield self._holding
            return
        self._settle()
        daemon = self._daemon(self._let_go)
        await daemon.start()
        try:
            yield daemon
        finally:
            await daemon.stop()

    def _daemon(self, before_end: Hook) -> StorageDaemon:
        daemon = StorageDaemon(self._folder, [self._layers(key) for key in self._given], lambda: self._hold(daemon), before_end)
        return daemon

    async def _hold(self, engine: Engine) -> None:
        """An engine opened the disks: from now on it alone knows what changes."""
        self._holder = engine
        self._state.on = True
        self._save()
        await diskwork.open_server(engine)
        for key in self._state.tracks:
            await diskwork.track(engine, self._active(key).node)

    async def _let_go(self) -> None:
        """The engine is about to end: fetch what changed."""
        if (engine := self._holding) is None:
            return
        for key, track in self._state.tracks.items():
            track.add(await diskwork.dirty(engine, self._active(key).node))
        self._state.on = False
        self._save()

    def _settle(self) -> None:
        """If the engine died without being asked, nobody knows what changed: begin new epochs."""
        if self._state.on and self._holding is None:
            self._state.tracks = {key: Track() for key in self._state.tracks}
            self._state.on = False
            self._save()

    def _track(self, key: int) -> Track:
        self._settle()
        if key not in self._state.tracks:
            raise UnknownPoint(f"changes of disk {key} are not tracked")
        return self._state.tracks[key]

    async def _track_anew(self, key: int) -> None:
        if (engine := self._holding) is not None:
            if key in self._state.tracks:
                await diskwork.forget(engine, self._active(key).node)
            await diskwork.track(engine, self._active(key).node)
        self._state.tracks[key] = Track()

    async def _dirty(self, key: int) -> list[Extent]:
        engine = self._holding
        return await diskwork.dirty(engine, self._active(key).node) if engine is not None else []

    async def _access(self, key: int, writable: bool, work: Callable[..., T], *arguments: object) -> T:
        async with self._lock, self._disks_open() as engine:
            if writable and not isinstance(engine, StorageDaemon):
                raise GuestRunning("the guest is running: only it can write to its disks")
            return await diskwork.with_export(engine, self._active(key).node, work, *arguments, writable=writable)

    def _refuse_snapshots(self) -> None:
        if self._state.snapshots:
            raise SnapshotsPresent(f"the machine has {len(self._state.snapshots)} snapshots")

    def _save(self) -> None:
        save(self._file, self._state)
