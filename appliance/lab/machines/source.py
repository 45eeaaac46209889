"""A virtual machine of the lab's vCenter: its disks as raw files, snapshots, and which blocks changed since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from appliance.lab.machines.qemu import Firmware, Nic
from appliance.lab.machines.serial import Console

Kind = Literal["guest", "storage"]
Extent = tuple[int, int]  # offset and length in bytes, multiples of 64 KiB but for the end of the disk


@dataclass(frozen=True)
class SourceDisk:
    """A disk: vSphere's device key, the raw file of its base, its size in bytes."""

    key: int
    path: Path
    capacity: int


@dataclass(frozen=True)
class ChangePoint:
    """A moment in the life of a disk: vSphere writes it as `52 xx … /N`. Points of different epochs cannot be compared."""

    epoch: UUID
    sequence: int


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: `points` is, per disk key, the moment at which it was taken (empty while changes are not tracked)."""

    id: str
    points: dict[int, ChangePoint]


class SnapshotsPresent(Exception):
    """The change asked for cannot be made while the machine has snapshots."""


class GuestRunning(Exception):
    """Only the guest itself can write to the disks of a machine that is on."""


class UnknownPoint(Exception):
    """Changes were asked for since a moment that is not of this epoch, or while changes are not tracked."""


class SourceMachine:
    """Everything about the machine is kept in `folder`/machine.json, so that the lab can end and come back.

    While a snapshot is held the base file of every disk is frozen: it may be read by anybody as the snapshot's contents.
    """

    def __init__(
        self,
        folder: Path,
        disks: Sequence[SourceDisk],
        kind: Kind = "guest",
        *,
        memory_mib: int = 512,
        cpus: int = 1,
        firmware: Firmware = "bios",
        nics: Sequence[Nic] = (),
    ) -> None:
        """A file that is not there yet is made, as a hole of its disk's capacity."""

    @property
    def running(self) -> bool:
        """Whether the machine is on; becomes False by itself when the guest shuts down."""
        raise NotImplementedError

    @property
    def console(self) -> Console:
        """The serial console of a machine of kind 'guest'; raises MachineOff for the other kind."""
        raise NotImplementedError

    @property
    def disks(self) -> list[SourceDisk]:
        """The disks, with today's capacities."""
        raise NotImplementedError

    @property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots, oldest first."""
        raise NotImplementedError

    @property
    def tracking(self) -> bool:
        """Whether changed blocks are tracked."""
        raise NotImplementedError

    async def start(self) -> None:
        """Switch on; raises QmpError when the machine does not come up."""

    async def stop(self) -> None:
        """Switch off at once; tracking goes on."""

    async def kill(self) -> None:
        """Cut the power: every disk gets a new epoch, and what changed before cannot be told any more."""

    async def shutdown_guest(self) -> None:
        """Press the power button and return; kind 'storage' is switched off. Follow with wait_stopped()."""

    async def wait_stopped(self, timeout: float | None = None) -> None:
        """Wait (seconds) until the machine is off; raises TimeoutError."""

    async def enable_tracking(self) -> None:
        """Track changed blocks from now on, with a new epoch per disk; does nothing when they are tracked. Raises SnapshotsPresent."""

    async def disable_tracking(self) -> None:
        """Forget all changes. Raises SnapshotsPresent."""

    def epoch(self, key: int) -> UUID:
        """The epoch of a disk's tracking; raises UnknownPoint when it is not tracked."""
        raise NotImplementedError

    def sequence(self, key: int) -> int:
        """The number of the last moment of a disk (1 when tracking began, one more with each snapshot); raises UnknownPoint."""
        raise NotImplementedError

    async def new_epoch(self, key: int) -> None:
        """Lose the tracking of one disk as a real host can: a fault for tests."""

    async def take_snapshot(self, id: str) -> Snapshot:
        """Freeze all disks at one moment; raises ValueError when the name is taken."""
        raise NotImplementedError

    async def remove_snapshot(self, id: str) -> None:
        """Merge what was written after it into what was frozen; any of a chain. Raises KeyError."""

    async def changed(self, key: int, since: int, until: int | None = None) -> list[Extent]:
        """What was written between two moments of today's epoch (None: now), in whole 64 KiB blocks. Raises UnknownPoint."""
        raise NotImplementedError

    async def allocated(self, key: int) -> list[Extent]:
        """The 64 KiB blocks of the base file that hold data or written zeros, not holes."""
        raise NotImplementedError

    async def read(self, key: int, offset: int, length: int) -> bytes:
        """What the guest would read."""
        raise NotImplementedError

    async def write(self, key: int, offset: int, data: bytes) -> None:
        """Write as the guest would; kind 'storage', or the machine is off. Raises GuestRunning for a guest that is on."""

    async def zero(self, key: int, offset: int, length: int) -> None:
        """Write zeros as the guest would; as write()."""

    async def grow(self, key: int, capacity: int) -> None:
        """Make a disk larger (bytes), on or off. Raises SnapshotsPresent, or ValueError when it would shrink."""
