"""What a run found out, as build/demo/report.json, and whether that is as it should be."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MIB = 1 << 20
OVERHEAD = 1.05
INCREMENTAL = "incremental"


class _Part(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")


class CopiedDisk(_Part):
    """One disk in one cycle; bytes and seconds. `identical`: the target's bytes are the source's at the snapshot."""

    disk_id: str
    capacity_bytes: int
    moved_bytes: int
    skipped_bytes: int
    seconds: float
    identical: bool


class FullDisk(CopiedDisk):
    """`nonzero_bytes`: blocks of 64 KiB that hold anything but zeros, counted by qemu-img."""

    nonzero_bytes: int

    @property
    def allowed_bytes(self) -> int:
        """How much may have crossed."""
        return int(OVERHEAD * self.nonzero_bytes) + MIB


class ChangedDisk(CopiedDisk):
    """`changed_bytes`: blocks of 64 KiB that were written to since the last snapshot, by the lab's own record."""

    changed_bytes: int

    @property
    def allowed_bytes(self) -> int:
        """How much may have crossed."""
        return int(OVERHEAD * self.changed_bytes) + MIB


class Full(_Part):
    """The first copy."""

    disks: list[FullDisk]


class Increment(_Part):
    """The copy of what changed."""

    disks: list[ChangedDisk]


class Boot(_Part):
    """A new VM: whether its login prompt came, and the text written in the source's guest as its console showed it."""

    booted: bool
    marker: str = ""


class Left(_Part):
    """What is left in the two clouds."""

    snapshots_left_vcenter: int
    snapshots_left_cloudstack: int


class Cleaned(Left):
    """`next_sync`: of which type the cycle after the cleanup was."""

    next_sync: str = ""


class Ports(_Part):
    """Packets that the link between the sites has seen."""

    tcp_443: int = Field(alias="443")
    other: int


class Report(_Part):
    """The whole; a part that a run did not come to is null."""

    full: Full | None = None
    increment: Increment | None = None
    test_failover: Boot | None = None
    cleanup: Cleaned | None = None
    live_failover: Boot | None = None
    finalise: Left | None = None
    ports: Ports | None = None
    seconds: float = 0.0

    def text(self) -> str:
        """As it is written to the file."""
        return self.model_dump_json(indent=2, by_alias=True) + "\n"


def missing(report: Report) -> list[str]:
    """What a run did not come to, a sentence each (pure)."""
    return [f"The run did not come to this part: {name}." for name in Report.model_fields if getattr(report, name) is None]


def problems(report: Report, test_marker: str, live_marker: str) -> list[str]:
    """What is not as it should be of what there is, a sentence each (pure)."""
    found = _copies("full copy", report.full.disks if report.full else [])
    found += _copies("increment", report.increment.disks if report.increment else [])
    found += _boot("test failover", report.test_failover, test_marker)
    found += _left("cleanup", report.cleanup)
    if report.cleanup and report.cleanup.next_sync != INCREMENTAL:
        found.append(f"The cycle after the cleanup was {report.cleanup.next_sync or 'of no known type'}, not incremental.")
    found += _boot("live failover", report.live_failover, live_marker)
    found += _left("finalising", report.finalise)
    return found + _ports(report.ports)


def _copies(words: str, disks: list[FullDisk] | list[ChangedDisk]) -> list[str]:
    found = []
    for disk in disks:
        if not disk.identical:
            found.append(f"After the {words}, the target of {disk.disk_id} is not identical with the source at the snapshot.")
        if disk.moved_bytes > disk.allowed_bytes:
            found.append(f"The {words} of {disk.disk_id} moved {disk.moved_bytes:,} bytes; at most {disk.allowed_bytes:,} were needed.")
    return found


def _boot(words: str, boot: Boot | None, marker: str) -> list[str]:
    if boot is None:
        return []
    if not boot.booted:
        return [f"The new VM of the {words} did not reach its login prompt."]
    return (
        [] if marker and boot.marker == marker else [f"The console of the {words} did not show what was written in the source: {marker!r}."]
    )


def _left(words: str, left: Left | None) -> list[str]:
    if left is None:
        return []
    counts = (("vCenter", left.snapshots_left_vcenter), ("CloudStack", left.snapshots_left_cloudstack))
    return [f"After the {words}, {count} snapshots are left in {cloud}." for cloud, count in counts if count]


def _ports(ports: Ports | None) -> list[str]:
    if ports is None:
        return []
    found = [] if ports.tcp_443 else ["No packet crossed the link on port 443."]
    return found + ([f"{ports.other} packets tried another way than port 443."] if ports.other else [])
