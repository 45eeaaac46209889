"""How a volume that is attached to an appliance VM, which runs elsewhere, becomes a device there: chosen when the lab starts."""

from typing import Protocol

from .config import ApplianceVm


class DeviceFailed(Exception):
    """A volume could not be plugged in or pulled out."""


class Plugging(Protocol):
    """One way of doing it. All raise DeviceFailed."""

    async def plug(self, volume_id: str, vm: ApplianceVm) -> None:
        """Make the volume a device of the VM; one that is there already stays."""

    async def unplug(self, volume_id: str) -> None:
        """Take the device away; afterwards nobody writes to the volume through it."""

    async def grow(self, volume_id: str) -> None:
        """Let a device see the new size of its file."""

    async def heal(self, wanted: set[str]) -> None:
        """Take away what an earlier run left, except devices of volumes that are to be plugged again."""

    async def close(self) -> None:
        """The lab ends."""
