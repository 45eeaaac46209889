"""The small machine in which a guest's disks are opened for their preparation: how fast this appliance lets it be, and how many fit."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

Acceleration = Literal["auto", "on", "off"]
"""Whether KVM is used: where it is found to work, always, never."""

MEMORY_MIB = 512
"""Memory of such a machine as its library counts it; the preparation takes twice as much, and emulation up to 0.7 GiB on top."""
ROOM_MIB = 2048
"""Memory of the appliance that one of them takes in all."""
OWN_MIB = 512
"""Memory that the appliance needs for itself."""
_VIRTUALISES = re.compile(r"^flags\s*:.*\b(vmx|svm)\b", re.MULTILINE)


def settings(wanted: Acceleration, processor: str, kvm: Path = Path("/dev/kvm")) -> dict[str, str]:
    """What the library's environment says, by what the appliance's processor says of itself (/proc/cpuinfo).

    That /dev/kvm can be opened is not enough: where the processor does not virtualise, machines were seen that never start.
    """
    found = bool(_VIRTUALISES.search(processor)) and os.access(kvm, os.R_OK | os.W_OK)
    fast = found if wanted == "auto" else wanted == "on"
    return {
        "LIBGUESTFS_BACKEND": "direct",
        "LIBGUESTFS_BACKEND_SETTINGS": "force_kvm" if fast else "force_tcg",
        "LIBGUESTFS_MEMSIZE": str(MEMORY_MIB),
    }


def places(memory_mib: int) -> int:
    """How many guests an appliance with that much memory prepares side by side (pure)."""
    return max(1, (memory_mib - OWN_MIB) // ROOM_MIB)


def memory_mib() -> int:
    """The appliance's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
