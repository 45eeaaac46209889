"""A virtual machine of the lab's vCenter: power, console, and disks with snapshots and changed-block tracking."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from appliance.lab.machines.disks import GuestRunning, SnapshotsPresent, SourceDisk, TrackedDisks
from appliance.lab.machines.engine import MachineOff
from appliance.lab.machines.qemu import Drive, Firmware, Nic, QemuMachine
from appliance.lab.machines.serial import Console
from appliance.lab.machines.state import ChangePoint, Snapshot
from appliance.lab.machines.storage import StorageDaemon
from appliance.lab.machines.tracking import Extent, UnknownPoint

__all__ = ["ChangePoint", "Extent", "GuestRunning", "Kind", "Snapshot", "SnapshotsPresent", "SourceDisk", "SourceMachine", "UnknownPoint"]

Kind = Literal["guest", "storage"]


class SourceMachine(TrackedDisks):
    """Everything about the machine is kept in `folder`/machine.json, so that the lab can end and come back.

    While a snapshot is held the base file of every disk is frozen: it may be read by anybody as the snapshot's contents.
    The first disk is the one that the guest boots from.
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
        super().__init__(folder, disks)
        self.kind: Kind = kind
        self._memory_mib, self._cpus, self._firmware, self._nics = memory_mib, cpus, firmware, tuple(nics)
        self._engine: QemuMachine | StorageDaemon | None = None
        self._console = Console(folder / "console.log")

    @property
    def running(self) -> bool:
        """Whether the machine is on; becomes False by itself when the guest shuts down."""
        return self._engine is not None and self._engine.running

    @property
    def pid(self) -> int | None:
        """The process of a machine that is on."""
        return self._engine.pid if self._engine is not None else None

    @property
    def console(self) -> Console:
        """The serial console of a machine of kind 'guest'; the other kind's is silent."""
        return self._console

    async def start(self) -> None:
        """Switch on; raises QmpError when the machine does not come up."""
        async with self._lock:
            if self.running:
                return
            self._settle()
            self._engine = self._guest() if self.kind == "guest" else self._daemon(self._let_go_alone)
            try:
                await self._engine.start()
            except BaseException:
                await self._engine.kill()
                raise

    async def stop(self) -> None:
        """Switch off at once; tracking goes on."""
        if self._engine is not None:
            await self._engine.stop()

    async def kill(self) -> None:
        """Cut the power: every disk gets a new epoch, and what changed before cannot be told any more."""
        if self._engine is not None:
            await self._engine.kill()
        self._settle()

    async def shutdown_guest(self) -> None:
        """Press the power button and return; kind 'storage' is switched off. wait_stopped() tells when. Raises MachineOff."""
        match self._engine:
            case QemuMachine():
                await self._engine.powerdown()
            case StorageDaemon():
                await self._engine.stop()
            case None:
                raise MachineOff("the machine is off")

    async def wait_stopped(self, timeout: float | None = None) -> None:
        """Wait (seconds) until the machine is off; raises TimeoutError."""
        if self._engine is not None:
            await self._engine.wait_stopped(timeout)

    def _guest(self) -> QemuMachine:
        layers = {key: self._layers(key) for key in self._given}
        drives = [
            Drive(chain[-1].path, chain[-1].format, "pvscsi", node_name=chain[-1].node, bootable=place == 0, backing=tuple(chain[:-1]))
            for place, chain in enumerate(layers.values())
        ]
        machine = QemuMachine(
            self._folder,
            drives,
            memory_mib=self._memory_mib,
            cpus=self._cpus,
            firmware=self._firmware,
            nics=self._nics,
            console=self._console,
            opened=lambda: self._hold(machine),
            before_end=self._let_go_alone,
        )
        return machine

    async def _let_go_alone(self) -> None:
        """Fetch the changes when whatever is being done with the disks is done."""
        async with self._lock:
            await self._let_go()
