"""Tar files whose headers cost their reader any memory, or never end."""

import io
import tarfile
from collections.abc import Callable


def _header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = kind, size
    return entry.tobuf(tarfile.USTAR_FORMAT)


def _said(kind: bytes, records: dict[str, str]) -> bytes:
    """A header of POSIX's kind before, or for, what follows."""
    content = b"".join(_record(key, value) for key, value in records.items())
    return _header("said", kind, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    length = len(rest) + 1
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return f"{length}".encode() + rest


def sparse_map(name: str) -> bytes:
    """POSIX's sparse format 1.0: the map stands before the content, and says itself how long it is."""
    entries = b"0\n" * (16 << 20)
    listed = b"9999999999\n" + entries
    version = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name, "GNU.sparse.realsize": "1"}
    return _said(tarfile.XHDTYPE, version) + _header(name, size=len(listed)) + listed


def old_sparse_map(name: str) -> bytes:
    """GNU's own sparse format: blocks of 21 entries, each of which says whether another one follows."""
    head = bytearray(_header(name, tarfile.GNUTYPE_SPARSE, 1))
    head[482] = 1
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    block = b"00000000001\0" * 42 + b"\1" + bytes(7)
    return bytes(head) + block * (32 << 10)


def long_saying(name: str) -> bytes:
    """Short things without number, said of one member."""
    return _said(tarfile.XHDTYPE, {f"{number}": "" for number in range(300_000)}) + _header(name)


def said_of_all(name: str) -> bytes:
    """Little by little, of all members that follow."""
    return b"".join(_said(tarfile.XGLTYPE, {f"{part}-{number}": "" for number in range(3000)}) for part in range(100)) + _header(name)


def chain(name: str) -> bytes:
    """Headers that are said of headers."""
    return _said(tarfile.XHDTYPE, {"path": name}) * 5000 + _header(name)


BOMBS: dict[str, Callable[[str], bytes]] = {
    one.__name__.replace("_", " "): one for one in (sparse_map, old_sparse_map, long_saying, said_of_all, chain)
}


def plain(names: list[str]) -> bytes:
    """An ordinary one."""
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return into.getvalue()
