"""Reading and unpacking the vendor's archive; blocking, and never more than the checks allow."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from appliance.core.durable import sync_tree
from appliance.core.receiving import leave_room
from appliance.core.tars import Header
from appliance.vsphere.vddk.archive import ELF_HEAD, ELF_X86_64, TOP, Contents, Kind, Member, bounded, contents
from appliance.vsphere.vddk.faults import NOT_THE_ARCHIVE

PIECE = 1 << 20
LONGEST_PADDING = 1 << 20


def look_into(archive: Path) -> Contents:
    """What library is in it, all of it read and checked. Raises NOT_THE_ARCHIVE."""
    heads: dict[str, bytes] = {}

    def members() -> Iterator[Member]:
        for member, file in _members(archive):
            if file is not None:
                heads[member.name] = file.read(ELF_HEAD)
            yield member

    found = contents(members())
    if not ELF_X86_64.match(heads[found.library]):
        raise NOT_THE_ARCHIVE(detail="the library in it is not for 64-bit Linux")
    return found


def unpack(archive: Path, folder: Path) -> Path:
    """Put all of it below a new folder, on disk when this returns; the folder of the library. Raises NOT_THE_ARCHIVE, NO_ROOM, OSError."""
    folder.mkdir(mode=0o700)
    files: dict[str, IO[bytes] | None] = {}

    def members() -> Iterator[Member]:
        for member, file in _members(archive):
            files[member.name] = file
            yield member

    for member in bounded(members()):
        _put(folder / member.name, member, files.pop(member.name))
    sync_tree(folder)
    return folder / TOP


def _put(place: Path, member: Member, file: IO[bytes] | None) -> None:
    if member.kind is Kind.FOLDER:
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
        return
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    if member.kind is Kind.LINK:
        place.symlink_to(member.target)
        return
    assert file is not None
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644), "wb") as written:
        while piece := file.read(PIECE):
            leave_room(written.fileno(), len(piece))
            written.write(piece)


def _members(archive: Path) -> Iterator[tuple[Member, IO[bytes] | None]]:
    """Each member, and its content while it is the current one."""
    with _readable(), gzip.open(archive) as stream:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=Header) as tar:
            for header in tar:
                member = _member(header)
                yield member, tar.extractfile(header) if member.kind is Kind.FILE else None
        if len(stream.read(LONGEST_PADDING)) == LONGEST_PADDING:  # up to its end, where its checksum is
            raise NOT_THE_ARCHIVE(detail="something follows after its end")


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, UnicodeError, ValueError, RecursionError) as error:
        detail = "it is damaged, was cut off, or is of another kind"
        raise NOT_THE_ARCHIVE(detail=detail, cause=f"{type(error).__name__}: {error}") from error


def _member(header: tarfile.TarInfo) -> Member:
    if header.issym():
        return Member(header.name, Kind.LINK, target=header.linkname)
    if header.isdir():
        return Member(header.name, Kind.FOLDER)
    kind = Kind.FILE if header.isreg() else Kind.OTHER
    return Member(header.name, kind, header.size)
