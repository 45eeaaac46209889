"""A machine without a guest: QEMU's storage daemon with the disks of a machine."""

from collections.abc import Sequence
from pathlib import Path

from appliance.lab.machines.blocks import Layer, nodes
from appliance.lab.machines.engine import Engine, Hook


class StorageDaemon(Engine):
    """The same block layer as a machine's, started within a tenth of a second. Its messages are in `folder`/storage.log."""

    def __init__(self, folder: Path, disks: Sequence[Sequence[Layer]], opened: Hook | None = None, before_end: Hook | None = None) -> None:
        """`disks`: the layers of each, lowest first."""
        super().__init__(folder, folder / "storage.log", opened, before_end)
        self.disks = tuple(tuple(layers) for layers in disks)

    async def start(self) -> None:
        """Open the disks; raises QmpError when one cannot be opened."""
        if self.running:
            return
        await self._launch(lambda control: _argv(control))
        for layers in self.disks:
            for node in nodes(layers):
                await self.qmp.execute("blockdev-add", **node)
        await self._opened()


def _argv(control: int) -> list[str]:
    return ["qemu-storage-daemon", "--chardev", f"socket,id=control,fd={control}", "--monitor", "chardev=control"]
