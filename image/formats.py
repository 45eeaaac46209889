"""Disk formats: qcow2 for CloudStack, stream-optimised VMDK for vSphere."""

import re
import struct
from pathlib import Path

from image.programs import BuildProblem, run

SECTOR = 512
_MAGIC = b"KDMV"
_CID = re.compile(rb"\nCID=[0-9a-f]{1,8}\n")


def make_qcow2(raw: Path, qcow2: Path) -> None:
    """A compressed qcow2. One thread: with more, the clusters lie in another order each time. Raises BuildProblem."""
    run("qemu-img", "convert", "-m", "1", "-c", "-O", "qcow2", raw, qcow2)


def make_vmdk(raw: Path, vmdk: Path, content: int) -> None:
    """A stream-optimised VMDK whose content id is `content`, where qemu-img would draw one. Raises BuildProblem."""
    options = "subformat=streamOptimized,adapter_type=lsilogic,compat6=off"
    run("qemu-img", "convert", "-m", "1", "-O", "vmdk", "-o", options, raw, vmdk)
    with vmdk.open("r+b") as file:
        header = file.read(SECTOR)
        offset, size = descriptor_place(header)
        file.seek(offset)
        text = with_content_id(file.read(size), content)
        file.seek(offset)
        file.write(text)


def descriptor_place(header: bytes) -> tuple[int, int]:
    """Where a sparse extent's descriptor lies, in bytes (VMware's Virtual Disk Format 5.0, SparseExtentHeader); raises BuildProblem."""
    if header[:4] != _MAGIC:
        raise BuildProblem("qemu-img wrote no sparse VMDK.")
    offset, size = struct.unpack_from("<QQ", header, 28)
    return offset * SECTOR, size * SECTOR


def with_content_id(descriptor: bytes, content: int) -> bytes:
    """The descriptor with another content id, as long as it was; ffffffff is “no parent” and never a content's. Raises BuildProblem."""
    text, found = _CID.subn(b"\nCID=%08x\n" % (content % 0xFFFFFFFE), descriptor.rstrip(b"\0"), count=1)
    if not found:
        raise BuildProblem("The VMDK's descriptor has no content id.")
    return text.ljust(len(descriptor), b"\0")
