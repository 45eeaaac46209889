"""Guest preparation: the one place that puts the new platform's drivers into a copied guest, where it needs them.

The program and its two inputs are described in virt-v2v-in-place(1); it converts the disks where they are.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from appliance.contract.failover import Preparation
from appliance.core.commands import Children, CommandFailed
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
    """Runs the preparation of one job; `seconds` is its time limit. It is on record until it is reaped: it writes to disks."""

    children: Children
    program: str = "virt-v2v-in-place"
    seconds: float = 3600.0

    async def prepare(self, job_id: str, name: str, devices: Sequence[Path], firmware: str) -> None:
        """Put the drivers into the guest on these devices, which nobody else may write to. Raises a Fault."""
        await self.end(job_id)
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as domain:
            domain.write(description(devices, firmware))
            domain.flush()
            try:
                await self._run(job_id, [self.program, "-i", "libvirtxml", domain.name])
            except (CommandFailed, TimeoutError, OSError) as error:
                raise PREPARATION_FAILED(name=name, cause=f"{type(error).__name__}: {error}") from error

    async def end(self, job_id: str) -> None:
        """Kill and reap every program of this job's preparation, also what an earlier agent left."""
        await self.children.end(_owner(job_id))

    async def _run(self, job_id: str, argv: list[str]) -> None:
        child = await self.children.spawn(_owner(job_id), argv, stderr=asyncio.subprocess.PIPE, env={"LIBGUESTFS_BACKEND": "direct"})
        try:
            async with asyncio.timeout(self.seconds):
                _, stderr = await child.process.communicate()
                code = await child.wait()
        finally:
            await child.kill()
        if code:
            raise CommandFailed(argv[0], code, stderr)


def _owner(job_id: str) -> str:
    return f"preparation/{job_id}/"
