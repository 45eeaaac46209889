"""What the program that prepares guests says: how far it is, and which drivers the guest has in the end (pure).

Its words are those of virt-v2v's convert.ml. It ends well also where it found no drivers to put in, and then names the slower devices
that the guest would need: its exit code alone proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_MILESTONE = re.compile(rb"^\[ *\d+\.\d\] (.*)")
_STAGES = (
    (b"Setting up", 0.05, "Opening the copied disks"),
    (b"Inspecting", 0.2, "Looking what the guest is"),
    (b"Checking for", 0.3, "Looking whether the guest has room for the drivers"),
    (b"Converting", 0.4, "Putting the drivers into the guest"),
    (b"Mapping", 0.9, "Closing the copied disks"),
    (b"Closing", 0.9, "Closing the copied disks"),
    (b"Finishing", 0.95, "Closing the copied disks"),
)
_VERDICTS = ((b"This guest has virtio drivers installed", True), (b"This guest does not have virtio drivers installed", False))
_BUS = re.compile(rb"gcaps_(block|net)_bus = ([\w-]+)")
_DISK, _NETWORK = "virtio-blk", "virtio-net"


def stage(line: bytes) -> tuple[float, str] | None:
    """How far the preparation is when it says this line, and what it does now; None where the line says nothing of that."""
    said = _MILESTONE.match(line)
    return next(((share, words) for begin, share, words in _STAGES if said and said[1].startswith(begin)), None)


@dataclass(frozen=True)
class GuestDrivers:
    """What it said of the guest's drivers: whether they are in, and the devices for which it has any, where it names these."""

    installed: bool | None = None
    block: str = _DISK
    net: str = _NETWORK

    def after(self, line: bytes) -> GuestDrivers:
        """The same once it has said this line; other words may come before its own in it."""
        if said := _BUS.search(line):
            device = said[2].decode()
            return replace(self, block=device) if said[1] == b"block" else replace(self, net=device)
        return next((replace(self, installed=verdict) for words, verdict in _VERDICTS if words in line), self)

    @property
    def lack(self) -> str:
        """For what of the new platform the guest has no drivers, in the operator's words; empty where it has all."""
        parts = ([] if self.installed and self.block == _DISK else ["its disks"]) + ([] if self.net == _NETWORK else ["its network"])
        return " and ".join(parts)
