"""Programs for Windows, as small as they can be."""

from __future__ import annotations

import struct

I386, AMD64 = (0x14C, 0x10B), (0x8664, 0x20B)
PROGRAM, LIBRARY = 0x0102, 0x2102


def program(kind: tuple[int, int] = I386, traits: int = PROGRAM, sections: int = 2, body: bytes = b"code" * 128) -> bytes:
    """A file in the form of PE, whose sections are all of the same length."""
    machine, magic = kind
    optional = struct.pack("<H", magic).ljust(224 if kind == I386 else 240, b"\0")
    begin = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    header = struct.pack("<4sHHIIIHH", b"PE\0\0", machine, sections, 0, 0, 0, len(optional), traits)
    table = b"".join(struct.pack("<8sIIII16x", b".text", 0x1000, 0x1000, len(body), 0x400 + n * len(body)) for n in range(sections))
    return (begin.ljust(0x80, b"\0") + header + optional + table).ljust(0x400, b"\0") + body * sections
