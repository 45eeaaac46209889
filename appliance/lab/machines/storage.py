"""A machine without a guest: QEMU's storage daemon with the disks of a machine."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from appliance.lab.machines.blocks import Layer, nodes
from appliance.lab.machines.engine import Engine


class StorageDaemon(Engine):
    """The same block layer as a machine's, started within a tenth of a second. Its messages are in `folder`/storage.log."""

    def __init__(self, folder: Path, disks: Sequence[Sequence[Layer]], *, before_end: Callable[[], Awaitable[None]] | None = None) -> None:
        """`disks`: the layers of each, lowest first."""
        super().__init__(folder, folder / "storage.log", before_end)
        self.disks = tuple(tuple(layers) for layers in disks)

    async def start(self) -> None:
        """Open the disks; raises QmpError when one cannot be opened."""
        if self.running:
            return
        await self._launch(lambda control: _argv(control))
        for layers in self.disks:
            for node in nodes(layers):
                await self.qmp.execute("blockdev-add", **node)

    async def _before_quit(self) -> None:
        """Nothing: what was written through an export is in the files when the write was answered."""


def _argv(control: int) -> list[str]:
    return ["qemu-storage-daemon", "--chardev", f"socket,id=control,fd={control}", "--monitor", "chardev=control"]
