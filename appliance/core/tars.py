"""Headers of a tar file that comes from outside: what tarfile would unfold into memory without bounds is refused, by tarfile.ReadError."""

from __future__ import annotations

import tarfile
from typing import NoReturn, Self

LONGEST_HEADER = 64 << 10
"""Bytes of what is said of one member before its header, such as a long name."""
_LONG = frozenset({tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_WITHOUT_BOUNDS = frozenset({tarfile.XGLTYPE, tarfile.GNUTYPE_SPARSE})
"""What is said of all members that follow adds up over them; the map of a sparse file has any length."""


class Header(tarfile.TarInfo):
    """For `tarfile`'s argument `tarinfo`. A chain of headers without end is left to Python: it ends in RecursionError."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type in _WITHOUT_BOUNDS or (header.type in _LONG and header.size > LONGEST_HEADER):
            raise tarfile.ReadError("headers without bounds")
        return header

    def _proc_sparse_map(self, *_: object) -> NoReturn:
        raise tarfile.ReadError("a sparse file")

    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _proc_sparse_map
    """The three forms of a sparse map in a header of POSIX's kind."""
