"""Guest preparation: the one place that puts the new platform's drivers into a copied guest, where it needs them.

The program and its two inputs are described in virt-v2v-in-place(1); it converts the disks where they are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from appliance.contract.failover import Preparation
from appliance.core.commands import CommandFailed, run
from appliance.failover.faults import PREPARATION_FAILED

# Their initial RAM disks carry the drivers of every platform, unless somebody changed that.
_READY_GUESTS = ("debian", "ubuntu")


@dataclass(frozen=True)
class Decision:
    """Whether the guest is prepared, and why, in the operator's words."""

    needed: bool
    reason: str


def decide(option: Preparation, guest_id: str) -> Decision:
    """What is done for a guest of this vCenter id; an unknown guest is tried (pure)."""
    if option is Preparation.SKIP:
        return Decision(False, "The preparation was skipped, as asked.")
    if option is Preparation.ALWAYS:
        return Decision(True, "The preparation was asked for.")
    if guest_id.lower().startswith(_READY_GUESTS):
        return Decision(False, "This guest brings the drivers of its new platform.")
    return Decision(True, "This guest may lack the drivers of its new platform.")


def description(devices: Sequence[Path], firmware: str) -> str:
    """The guest's disks as a libvirt domain, the boot disk first (pure)."""
    disks = "".join(
        f"<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev={quoteattr(str(device))}/>"
        f"<target dev='sd{chr(ord('a') + number % 26)}' bus='scsi'/></disk>"
        for number, device in enumerate(devices)
    )
    loader = "" if firmware == "bios" else " firmware='efi'"
    return (
        "<domain type='kvm'><name>guest</name><memory unit='MiB'>1024</memory><vcpu>1</vcpu>"
        f"<os{loader}><type arch='x86_64'>hvm</type></os><devices>{disks}</devices></domain>"
    )


@dataclass(frozen=True)
class Preparer:
    """Runs the preparation; `seconds` is its time limit."""

    program: str = "virt-v2v-in-place"
    seconds: float = 3600.0

    async def prepare(self, name: str, devices: Sequence[Path], firmware: str) -> None:
        """Put the drivers into the guest on these devices, which nobody else may write to. Raises a Fault."""
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as domain:
            domain.write(description(devices, firmware))
            domain.flush()
            try:
                await run(
                    [self.program, "-i", "libvirtxml", domain.name],
                    timeout=self.seconds,
                    env={"LIBGUESTFS_BACKEND": "direct"},
                )
            except (CommandFailed, TimeoutError, OSError) as error:
                raise PREPARATION_FAILED(name=name, cause=f"{type(error).__name__}: {error}") from error
