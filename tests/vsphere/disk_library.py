"""Archives like the vendor's, and a stand-in for the program that loads what is in them."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from appliance.vsphere.vddk.archive import TOP

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(44)
LOADS, CRASHES, LACKS, IS_REFUSED = b"loads", b"crashes", b"lacks", b"is refused"
LOADER = f"""#!/bin/sh
# Answers as nbdkit does when its plugin loads the library in libdir.
case "$3" in
libdir=*) library="${{3#libdir=}}/lib64/libvixDiskLib.so.7" ;;
*) echo name=vddk; exit 0 ;;
esac
if grep -q '{CRASHES.decode()}' "$library"; then kill -SEGV $$; fi
if grep -q '{LACKS.decode()}' "$library"; then echo 'nbdkit: error: required VDDK symbol "VixDiskLib_Wait" is missing.' >&2; exit 1; fi
if grep -q '{LOADS.decode()}' "$library"; then echo vddk_library_version=7; fi
exit 0
"""


def file(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.size = len(content)
    return header, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, target
    return header, b""


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.type = tarfile.DIRTYPE
    return header, b""


def library(version: str = "7.0.3", how: bytes = LOADS) -> list[tuple[tarfile.TarInfo, bytes]]:
    """The members of a whole archive."""
    major, lib = version.split(".")[0], f"{TOP}/lib64"
    return [
        folder(f"{TOP}/"),
        file(f"{TOP}/FILES", b"what is in it\n"),
        folder(f"{TOP}/lib64/"),
        link(f"{lib}/libvixDiskLib.so", f"libvixDiskLib.so.{major}"),
        link(f"{lib}/libvixDiskLib.so.{major}", f"libvixDiskLib.so.{version}"),
        file(f"{lib}/libvixDiskLib.so.{version}", ELF + how),
    ]


def packed(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """The archive; of the same members the same one, whenever it is made."""
    into = io.BytesIO()
    with gzip.GzipFile(fileobj=into, mode="wb", compresslevel=1, mtime=0) as pressed, tarfile.open(fileobj=pressed, mode="w") as tar:
        for header, content in members:
            tar.addfile(header, io.BytesIO(content))
    return into.getvalue()


def loader(place: Path) -> str:
    """A folder with the stand-in, to stand before all others on the path."""
    place.mkdir()
    (place / "nbdkit").write_text(LOADER)
    (place / "nbdkit").chmod(0o755)
    return str(place)
