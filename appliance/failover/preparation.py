"""Guest preparation: the one place that puts the new platform's drivers into a copied guest, where it needs them.

The program and its two inputs are described in virt-v2v-in-place(1); it converts the disks where they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from xml.sax.saxutils import quoteattr

from appliance.contract.failover import Preparation
from appliance.contract.options import FAILOVER_PREPARATION
from appliance.core.cancelling import to_its_end
from appliance.core.commands import Child, Children, CommandFailed
from appliance.core.durable import writing
from appliance.failover.drivers import Drivers
from appliance.failover.faults import PREPARATION_FAILED, PREPARED_WITHOUT_DRIVERS
from appliance.failover.speech import GuestDrivers, stage
from appliance.failover.transcripts import Transcript
from appliance.failover.turns import Turns
from appliance.failover.workplace import OWNER, Workplace

# Their initial RAM disks carry the drivers of every platform, unless somebody changed that.
_READY_GUESTS = ("debian", "ubuntu")

Tell = Callable[[float, str], Awaitable[None]]
"""Says how far the preparation is (0 to 1), and what is going on in the operator's words."""


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


def is_windows(guest_id: str) -> bool:
    """Whether a guest of this vCenter id is a Windows, which needs what the operator brings (pure)."""
    return guest_id.lower().startswith("win")


def description(devices: Sequence[Path], firmware: str) -> str:
    """The guest's disks as a libvirt domain, the boot disk first (pure)."""
    disks = "".join(
        f"<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev={quoteattr(str(device))}/>"
        f"<target dev='{_name(number)}' bus='scsi'/></disk>"
        for number, device in enumerate(devices)
    )
    loader = "" if firmware == "bios" else " firmware='efi'"
    return (
        "<domain type='kvm'><name>guest</name><memory unit='MiB'>1024</memory><vcpu>1</vcpu>"
        f"<os{loader}><type arch='x86_64'>hvm</type></os><devices>{disks}</devices></domain>"
    )


def _name(number: int) -> str:
    """As Linux counts them: sda to sdz, then sdaa."""
    above, last = divmod(number, 26)
    return (_name(above - 1) if above else "sd") + chr(ord("a") + last)


async def untold(_: float, __: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Preparer:
    """Runs the preparation of one job; it is on record until it is reaped, with all that it started: it writes to disks.

    `seconds` is its time limit, `environment` says how it runs here.
    As many jobs as `turns` lets through are prepared side by side.
    """

    children: Children
    workplace: Workplace
    drivers: Drivers
    program: str = "virt-v2v-in-place"
    seconds: float = 60.0 * FAILOVER_PREPARATION.default
    environment: Mapping[str, str] = field(default_factory=dict)
    turns: Turns = field(default_factory=lambda: Turns(100))

    async def prepare(
        self, job_id: str, name: str, devices: Sequence[Path], firmware: str, tell: Tell = untold, *, hurry: bool = False
    ) -> None:
        """Put the drivers into the guest on these devices, which nobody else may write to. Raises a Fault, also where it got none.

        One in a hurry waits for those that run, and for nobody who waits himself.
        """
        await self.end(job_id)
        waits = partial(tell, 0.0, "Waiting until the preparation of another guest has ended")
        async with self.turns.turn(waits, hurry=hurry), self.workplace.place() as place:
            try:
                said, end = await self._run(job_id, place, description(devices, firmware), tell)
            except TimeoutError as error:
                raise PREPARATION_FAILED(name=name, cause=f"it had not ended after {self.seconds:.0f} s") from error
            except (CommandFailed, OSError) as error:
                raise PREPARATION_FAILED(name=name, cause=f"{type(error).__name__}: {error}") from error
        if said.lack:
            raise PREPARED_WITHOUT_DRIVERS(name=name, lack=said.lack, cause=f"{said}: {end}")

    async def end(self, job_id: str) -> None:
        """Kill and reap every program of this job's preparation, also what an earlier agent left."""
        await self.children.end(_owner(job_id))

    async def _run(self, job_id: str, place: Path, guest: str, tell: Tell) -> tuple[GuestDrivers, str]:
        """Returns what it said of the guest's drivers, and its last words. Raises CommandFailed, OSError, TimeoutError."""
        with writing():
            transcript = await asyncio.to_thread(Transcript, self.workplace.folder, job_id)
            domain = place / "guest.xml"
            await asyncio.to_thread(domain.write_text, guest)
        environment = await asyncio.to_thread(self._environment, place)
        argv = [self.program, "-i", "libvirtxml", str(domain), "-v"]
        try:
            # Once begun it has to get on record, or nobody would end what it has started by then.
            child = await to_its_end(self._spawn(job_id, argv, environment))
            async with asyncio.timeout(self.seconds):
                code, said = await asyncio.gather(child.wait(), _listen(child, transcript, tell))
        finally:
            await self.end(job_id)
        if code:
            raise CommandFailed(argv[0], code, transcript.end.encode())
        return said, transcript.end

    async def _spawn(self, job_id: str, argv: list[str], environment: Mapping[str, str]) -> Child:
        pipe, same = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        return await self.children.spawn(_owner(job_id), argv, stdout=pipe, stderr=same, env=environment, family=True)

    def _environment(self, place: Path) -> dict[str, str]:
        """How the program runs. What it makes of the appliance's own system stays, also over a start of the agent; the rest goes."""
        disc, programs = self.drivers.disc(), self.drivers.programs.folder()
        windows = {} if disc is None else {"VIRTIO_WIN": str(disc)}
        windows |= {} if programs is None else {"VIRT_TOOLS_DATA_DIR": str(programs)}
        own = {"LIBGUESTFS_CACHEDIR": str(self.workplace.made), "LIBGUESTFS_TMPDIR": str(place), "TMPDIR": str(place)}
        return {**self.environment, **own, "LC_ALL": "C.UTF-8", **windows}


async def _listen(child: Child, transcript: Transcript, tell: Tell) -> GuestDrivers:
    """Keep what the program says until it falls silent for good, and pass on how far it is; returns what it said of the guest's drivers."""
    output, line, drivers = child.process.stdout, b"", GuestDrivers()
    assert output is not None
    while said := await output.read(1 << 16):
        await asyncio.to_thread(transcript.add, said)
        *lines, line = (line[-4096:] + said).split(b"\n")
        for one in lines:
            drivers = drivers.after(one)
            reached = stage(one)
            if reached is not None:
                await tell(*reached)
    return drivers.after(line)


def _owner(job_id: str) -> str:
    return f"{OWNER}{job_id}/"
