"""The upgrade file: a compressed tar that begins with its manifest and the vendor's signature; nothing else is read before both fit."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from appliance.agent.upgrade.faults import NOT_SIGNED, UNREADABLE
from appliance.agent.upgrade.manifest import Entry, Manifest, read
from appliance.agent.upgrade.signature import is_signed
from appliance.core.tars import Header

MANIFEST, SIGNATURE, RELEASE = "manifest.json", "manifest.json.sig", "release/"
"""Names in the file, in this order; the files of the release follow in the manifest's order."""
LONGEST_MANIFEST, LONGEST_SIGNATURE = 32 << 20, 8192
PIECE = 1 << 20
_BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, RecursionError)


class _Bounded(gzip.GzipFile):
    """Nobody makes it unpack more into memory at once than a manifest has: headers of a tar file may claim any length."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= LONGEST_MANIFEST:
            raise tarfile.ReadError(f"{size} bytes at once")
        return super().read(size)


class Package:
    """An opened upgrade file whose manifest the vendor has signed. All calls block."""

    def __init__(self, tar: tarfile.TarFile, key: Ed25519PublicKey) -> None:
        self._tar = tar
        content = self._small(MANIFEST, LONGEST_MANIFEST)
        if not is_signed(key, content, self._small(SIGNATURE, LONGEST_SIGNATURE)):
            raise NOT_SIGNED()
        self.manifest: Manifest = read(content)

    def files(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Each file of the release with its content, which has to be read to its end: only then is it known to be right.

        Raises a Fault (`upgrade.unreadable`) for whatever is not as the manifest says.
        """
        for entry in self.manifest.files:
            member = self._next(RELEASE + entry.path, entry.size)
            yield entry, self._checked(member, entry)
        if self._member() is not None or not self._ends():
            raise UNREADABLE(detail="it holds more than it lists")

    def check(self) -> None:
        """Read all of it. Raises a Fault (`upgrade.unreadable`)."""
        for _, content in self.files():
            for _ in content:
                pass

    def _checked(self, member: tarfile.TarInfo, entry: Entry) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for piece in self._pieces(member):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != entry.sha256:
            raise UNREADABLE(detail="a file in it was changed", cause=entry.path)

    def _small(self, name: str, most: int) -> bytes:
        return b"".join(self._pieces(self._next(name, None, most)))

    def _next(self, name: str, size: int | None, most: int = 0) -> tarfile.TarInfo:
        """The next member, which must be this plain file: no link, no device, no other name or length."""
        member = self._member()
        if member is None or member.name != name or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise UNREADABLE(detail="what it holds is not what it lists", cause=f"{name} expected, {member and member.name} found")
        if member.size != size if size is not None else member.size > most:
            raise UNREADABLE(detail="a file in it has another length than it should", cause=f"{name}: {member.size}")
        return member

    def _member(self) -> tarfile.TarInfo | None:
        with broken():
            return self._tar.next()

    def _ends(self) -> bool:
        """Whether nothing but a tar's filling follows, and the compression's own checksum is right."""
        with broken():
            assert self._tar.fileobj is not None
            return len(self._tar.fileobj.read(2 * tarfile.RECORDSIZE)) <= tarfile.RECORDSIZE

    def _pieces(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        with broken():
            file: IO[bytes] | None = self._tar.extractfile(member)
            assert file is not None
            left = member.size
            while left:
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise EOFError
                left -= len(piece)
                yield piece


@contextmanager
def broken() -> Iterator[None]:
    """Whatever a damaged archive raises is one Fault (`upgrade.unreadable`)."""
    try:
        yield
    except _BROKEN as error:
        raise UNREADABLE(detail="it is cut off or damaged", cause=f"{type(error).__name__}: {error}") from error


@contextmanager
def opened(path: Path, key: Ed25519PublicKey) -> Iterator[Package]:
    """A file as the vendor's upgrade. Raises a Fault (`upgrade.unreadable`, `upgrade.not_signed`)."""
    with path.open("rb") as raw, _Bounded(fileobj=raw) as unpacked:
        with broken():
            tar = tarfile.TarFile(fileobj=unpacked, tarinfo=Header)
        yield Package(tar, key)
