"""What is on a disc of drivers: `python -m appliance.failover.disc FILE` prints it as JSON, or ends with 1 and says why it is none.

A process of its own, with limits: the file comes from outside, and a hostile one may cost its reader any time and memory.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from pycdlib import PyCdlib
from pycdlib.pycdlibexception import PyCdlibException

MEMORY = 1 << 30
"""Bytes that reading may take."""
SECONDS = 60
"""Time of a processor that reading may take."""
MOST_SYSTEMS = 100
"""The disc of today has fifteen."""
_SECTOR = 2048
_LABEL = re.compile(r"[\w .+-]{1,32}", re.ASCII)
_SYSTEM = re.compile(r"[\w.]{1,16}", re.ASCII)
_DISK, _NETWORK, _PROCESSOR = "viostor", "netkvm", "amd64"


class NoDisc(Exception):
    """The file is not a disc of drivers; the text says why, for support."""


@dataclass(frozen=True)
class Disc:
    """A disc: its label, and the versions of Windows, as the disc calls them, that it has disk drivers for."""

    label: str
    systems: tuple[str, ...]


def read(path: Path) -> Disc:
    """Read the disc's descriptors and folders (ECMA-119). Raises NoDisc."""
    iso = PyCdlib()
    try:
        iso.open(str(path))
    except (PyCdlibException, ValueError, IndexError, KeyError, RecursionError, MemoryError, UnicodeError) as error:
        raise NoDisc(f"not an ISO 9660 volume: {type(error).__name__}: {error}") from error
    try:
        if iso.pvd.space_size * _SECTOR > path.stat().st_size:
            raise NoDisc(f"{iso.pvd.space_size} sectors are promised, and the file has {path.stat().st_size} bytes")
        label = iso.pvd.volume_identifier.decode(errors="replace").strip()
        return Disc(label if _LABEL.fullmatch(label) else "", _systems(_names(iso)))
    finally:
        iso.close()


def _names(iso: PyCdlib) -> list[tuple[str, ...]]:
    """Every path of a file on the disc, in lower case, by the longest names that it has."""
    kind = "joliet_path" if iso.has_joliet() else "rr_path" if iso.has_rock_ridge() else "iso_path"
    found = []
    for folder, _, files in iso.walk(**{kind: "/"}):
        above = tuple(folder.lower().strip("/").split("/"))
        found += [(*above, name.lower().partition(";")[0]) for name in files]
    return found


def _systems(names: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The versions of Windows that have a driver for disks and one for networks; raises NoDisc when there are none."""

    def having(driver: str) -> set[str]:
        wanted = (name for name in names if len(name) == 4 and (name[0], name[2], name[3]) == (driver, _PROCESSOR, f"{driver}.inf"))
        return {name[1] for name in wanted if _SYSTEM.fullmatch(name[1])}

    found = having(_DISK) & having(_NETWORK)
    if not found or len(found) > MOST_SYSTEMS:
        raise NoDisc(f"drivers for disks and networks of {len(found)} systems among its {len(names)} files")
    return tuple(sorted(found))


def main(argv: list[str]) -> int:
    """Read the file that is named, within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        sys.stdout.write(json.dumps(asdict(read(Path(argv[0])))))
    except (NoDisc, OSError) as error:
        sys.stderr.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
