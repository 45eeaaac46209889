"""Whether a list of an archive's members is VMware's library (pure).

The archive has one folder, `vmware-vix-disklib-distrib`, and in its `lib64` the library `libvixDiskLib.so.<major>.<minor>.<patch>`
with links to it: nbdkit-vddk-plugin(1), "LIBRARY LOCATION".
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from appliance.vsphere.vddk.faults import NOT_THE_ARCHIVE

TOP = "vmware-vix-disklib-distrib"
LIBRARY = re.compile(re.escape(TOP) + r"/lib64/libvixDiskLib\.so\.(\d{1,3})\.(\d{1,3})\.(\d{1,6})$")
OLDEST, NEWEST_MAJOR = (6, 5), 8
MOST_MEMBERS, MOST_BYTES = 5000, 1 << 30
LONGEST_NAME, DEEPEST = 255, 16
"""Bytes of a member's whole name, and how many folders deep it may lie: three times what the vendor's archive has."""
ELF_X86_64 = re.compile(rb"\x7fELF\x02\x01.{10}\x03\x00\x3e\x00", re.DOTALL)
"""The first 20 bytes of a shared library for 64-bit x86: elf(5)."""
ELF_HEAD = 20


class Kind(Enum):
    """What a member is; all others are never in the vendor's archive."""

    FILE, FOLDER, LINK, OTHER = auto(), auto(), auto(), auto()


@dataclass(frozen=True)
class Member:
    """One member; `target` is where a link leads."""

    name: str
    kind: Kind
    size: int = 0
    target: str = ""


@dataclass(frozen=True)
class Contents:
    """The library in an archive."""

    library: str
    version: str


def bounded(members: Iterable[Member]) -> Iterator[Member]:
    """The same members, each safe to be put below a folder; raises NOT_THE_ARCHIVE at the first that is not, or is too much."""
    count = size = 0
    seen: dict[str, Kind] = {}
    for member in members:
        count, size, name = count + 1, size + member.size, member.name.rstrip("/")
        if count > MOST_MEMBERS or size > MOST_BYTES:
            raise NOT_THE_ARCHIVE(detail="more is in it than the library consists of")
        if flaw := _flaw(name, member, seen):
            raise NOT_THE_ARCHIVE(detail=flaw, cause=repr(name[:200]))
        seen.update({above: Kind.FOLDER for above in _above(name)} | {name: member.kind})
        yield member


def contents(members: Iterable[Member]) -> Contents:
    """The library among the members. Raises NOT_THE_ARCHIVE."""
    present = {one.name.rstrip("/"): one for one in bounded(members)}
    found = [(match, name) for name, one in present.items() if (match := LIBRARY.match(name)) and one.kind is Kind.FILE]
    if len(found) != 1:
        raise NOT_THE_ARCHIVE(detail="there is no library in it" if not found else "there are several libraries in it")
    (match, name) = found[0]
    major, minor, patch = (int(part) for part in match.groups())
    if (major, minor) < OLDEST or major > NEWEST_MAJOR:
        raise NOT_THE_ARCHIVE(detail=f"its version {major}.{minor}.{patch} is not between 6.5 and 8.0")
    if _end_of(f"{TOP}/lib64/libvixDiskLib.so.{major}", present) != name:
        raise NOT_THE_ARCHIVE(detail="it is incomplete")
    return Contents(name, f"{major}.{minor}.{patch}")


def _flaw(name: str, member: Member, seen: dict[str, Kind]) -> str:
    if not name or "\0" in name or posixpath.normpath(name) != name or name.split("/")[0] != TOP:
        return "a file in it would be put elsewhere"
    if len(os.fsencode(name)) > LONGEST_NAME or name.count("/") > DEEPEST:
        return "a name in it is too long"
    if member.kind is Kind.OTHER:
        return "there is something in it that is neither file nor folder"
    if name in seen and not (member.kind is Kind.FOLDER and seen[name] is Kind.FOLDER):
        return "a file in it is there twice"
    if any(seen.get(above, Kind.FOLDER) is not Kind.FOLDER for above in _above(name)):
        return "a file in it would be put elsewhere"
    if member.kind is Kind.LINK and not _leads(name, member.target).startswith(f"{TOP}/"):
        return "a link in it leads elsewhere"
    return ""


def _above(name: str) -> Iterator[str]:
    while name := posixpath.dirname(name):
        yield name


def _leads(name: str, target: str) -> str:
    """Where a link leads; nothing where it is absolute, or climbs after it has gone down: that may be from where another link leads."""
    if not target or target.startswith("/") or posixpath.normpath(target) != target:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _end_of(name: str, present: dict[str, Member]) -> str:
    for _ in range(8):
        member = present.get(name)
        if member is None or member.kind is not Kind.LINK:
            break
        name = _leads(name, member.target)
    return name
