"""Names and sizes of volumes (pure)."""

from __future__ import annotations

import re

GIB = 1024**3
_LONGEST = 255
_MADE = re.compile(r"-(?:disk-[0-9]+|trial)-(job-[0-9A-Za-z-]+)$")
_SNAPPED = re.compile(r"^(job-[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*?)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$")


def gib_of(size_bytes: int) -> int:
    """Bytes rounded up to whole GiB, the unit in which CloudStack makes volumes; at least 1."""
    return max(1, -(-size_bytes // GIB))


def volume_name(vm_name: str, disk_id: str, job_id: str) -> str:
    """The name of a disk's volume: it ends in disk and job, by which it is found again."""
    return _ending_in(vm_name, f"-{disk_id}-{job_id}")


def snapshot_name(volume_id: str, job_id: str) -> str:
    """The name of the snapshot a job makes of a volume."""
    return f"{job_id}-{volume_id}"


def job_of_volume(name: str) -> str:
    """The job whose mark a volume's name carries; empty when it carries none."""
    found = _MADE.search(name)
    return found[1] if found else ""


def job_of_snapshot(name: str) -> str:
    """The job whose mark a snapshot's name carries; empty when it carries none."""
    found = _SNAPPED.match(name)
    return found[1] if found else ""


def _ending_in(start: str, end: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in start)
    return kept[: _LONGEST - len(end)] + end


def serial(volume_id: str) -> str:
    """The serial a KVM guest sees on a volume: the first 20 hex digits of its UUID without hyphens."""
    return volume_id.replace("-", "")[:20]


def link_name(volume_id: str) -> str:
    """The stable name of a volume on this appliance, also its export's."""
    return f"vol{volume_id}"


def volume_of_link(name: str) -> str:
    """The volume of a stable name; empty when it is not one."""
    return name.removeprefix("vol") if name.startswith("vol") else ""
