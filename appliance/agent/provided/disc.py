"""What is on a disc for the appliance: `python -m appliance.agent.provided.disc DRIVE` writes a line that says what, and its content.

A process of its own, with limits: the disc comes from outside, and a hostile one may cost its reader any time and memory. It writes
nothing where the drive is empty or the disc is about something else.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import sys
from pathlib import Path

from pycdlib import PyCdlib
from pycdlib.pycdlibexception import PyCdlibException

MEMORY = 1 << 29
"""Bytes that reading may take."""
SECONDS = 10
"""Time of a processor that reading may take."""
LARGEST = 1 << 16
"""Bytes of a file. One byte more is written of a larger one, so that it is seen to be too large."""
CONFIG_DRIVE = "config-2"
ENVIRONMENT, USER_DATA = "environment", "user-data"
FILES = {
    "ovf-env.xml": ENVIRONMENT,
    "ovf_env.xml": ENVIRONMENT,
    "cloudstack/userdata/user_data.txt": USER_DATA,
    "openstack/latest/user_data": USER_DATA,
}
"""In the order in which they are looked for; the second is the first where a disc has the oldest names only."""


class _Enough(Exception):
    """More is not wanted."""


class _Bounded(io.BytesIO):
    def write(self, data: object, /) -> int:
        if self.tell() > LARGEST:
            raise _Enough
        return super().write(data)  # type: ignore[arg-type]


def read(path: Path) -> tuple[str, bytes] | None:
    """What the disc has for an appliance; None where it has nothing. Raises OSError and what pycdlib raises."""
    iso = PyCdlib()
    iso.open(str(path))
    try:
        label = iso.pvd.volume_identifier.decode(errors="replace").strip().lower()
        names, kind = _names(iso)
        for name, what in FILES.items():
            if name in names and (what is ENVIRONMENT or label == CONFIG_DRIVE):
                return what, _content(iso, kind, names[name])
        return None
    finally:
        iso.close()


def _names(iso: PyCdlib) -> tuple[dict[str, str], str]:
    """The paths of the files by themselves in lower case, and what pycdlib calls such paths."""
    kind = "rr_path" if iso.has_rock_ridge() else "joliet_path" if iso.has_joliet() else "iso_path"
    found = {}
    for folder, _, files in iso.walk(**{kind: "/"}):
        for name in files:
            path = f"{folder.rstrip('/')}/{name}"
            found[path.strip("/").lower().partition(";")[0]] = path
    return found, kind


def _content(iso: PyCdlib, kind: str, path: str) -> bytes:
    out = _Bounded()
    with contextlib.suppress(_Enough):
        iso.get_file_from_iso_fp(out, blocksize=1 << 14, **{kind: path})
    return out.getvalue()[: LARGEST + 1]


def main(argv: list[str]) -> int:
    """Read the disc in the drive that is named, within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        found = read(Path(argv[0]))
    except (OSError, PyCdlibException, ValueError, IndexError, KeyError, RecursionError, MemoryError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}")
        return 1
    if found is not None:
        what, content = found
        with os.fdopen(sys.stdout.fileno(), "wb", closefd=False) as out:
            out.write(what.encode() + b"\n" + content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
