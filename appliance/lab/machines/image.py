"""Building the lab's guest: `python -m appliance.lab.machines.image OUT_DIR [--cache DIR]`."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_CACHE = Path.home() / ".cache" / "migration-appliance" / "guest"


@dataclass(frozen=True)
class GuestImage:
    """The two disks of the guest; raw sparse files in the cache, to be copied (`cp --sparse=always --reflink=auto`) before use."""

    root: Path
    data: Path


async def guest_image(cache: Path = DEFAULT_CACHE) -> GuestImage:
    """The guest's disks from the cache, built first (about two minutes) when they are not there; raises ToolFailed."""
    raise NotImplementedError


async def copy_image(image: GuestImage, root: Path, data: Path) -> None:
    """Copy both disks, sparse."""
