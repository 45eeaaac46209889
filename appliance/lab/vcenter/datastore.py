"""The datastore's files over HTTPS: ``/folder/<vm>/<file>?dcPath=<datacenter>&dsName=<datastore>``.

A file that a VM is writing to is locked, as on VMFS: 500. Frozen bases, and the disks of VMs that are off, can be read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from appliance.lab.vcenter.estate import Estate
from appliance.lab.vcenter.records import DiskRecord, VmRecord

CHUNK = 1 << 20
_ZEROS = memoryview(bytes(CHUNK))
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Missing(Exception):
    """There is no such file (404)."""


class Locked(Exception):
    """A running VM writes to the file (500)."""


class Unsatisfiable(Exception):
    """The range lies outside of the file (416)."""


@dataclass(frozen=True)
class Content:
    """A file's bytes: on disk, or a short text."""

    vm: VmRecord
    size: int
    path: Path | None = None
    text: bytes = b""

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """The bytes of [start, end) in pieces of at most 1 MiB; a piece is valid until the next is asked for. Holes are not read."""
        if self.path is None:
            yield memoryview(self.text)[start:end]
            return
        file = os.open(self.path, os.O_RDONLY)
        try:
            yield from _read(file, start, end)
        finally:
            os.close(file)


def find(estate: Estate, target: str) -> Content:
    """The file a request target names; raises Missing or Locked."""
    split = urlsplit(target)
    query = parse_qs(split.query)
    where = [query.get(name, [""])[0].strip("/") for name in ("dcPath", "dsName")]
    parts = unquote(split.path).removeprefix("/folder/").split("/")
    vm = estate.named(parts[0])
    if where != [estate.plan.datacenter, estate.plan.datastore] or vm is None or len(parts) != 2:
        raise Missing
    with estate.lock:
        return _file(estate, vm, parts[1])


def _file(estate: Estate, vm: VmRecord, name: str) -> Content:
    if name == f"{vm.name}.vmx":
        text = f'displayName = "{vm.name}"\nguestOS = "{vm.guest_id}"\nmemSize = "{vm.memory_mb}"\n'.encode()
        return Content(vm, len(text), text=text)
    for disk in vm.disks:
        for depth, file in enumerate(vm.files(disk)):
            stem = file.removesuffix(".vmdk")
            if name == file:
                text = _descriptor(disk, f"{stem}-{'delta' if depth else 'flat'}.vmdk").encode()
                return Content(vm, len(text), text=text)
            if name == f"{stem}-delta.vmdk" and depth:
                raise Locked
            if name == f"{stem}-flat.vmdk" and not depth:
                return _flat(estate, vm, disk)
    raise Missing


def _flat(estate: Estate, vm: VmRecord, disk: DiskRecord) -> Content:
    if vm.powered_on and vm.running_file(disk) == disk.file:
        raise Locked
    path = estate.path(vm, disk)
    if not path.exists():
        raise Missing
    return Content(vm, path.stat().st_size, path)


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The [start, end) of a Range header, or None for the whole file; raises Unsatisfiable. Several ranges at once are not served."""
    if not header:
        return None
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[0] == "bytes=-":
        raise Unsatisfiable
    if not found[1]:
        return max(0, size - int(found[2])), size
    start, end = int(found[1]), min(int(found[2] or size), size - 1) + 1
    if start >= end:
        raise Unsatisfiable
    return start, end


def _read(file: int, start: int, end: int) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(CHUNK))
    while start < end:
        data = _next_data(file, start, end)
        while start < data:
            length = min(CHUNK, data - start)
            yield _ZEROS[:length]
            start += length
        stop = min(end, _seek(file, start, os.SEEK_HOLE, end)) if start < end else end
        while start < stop:
            length = os.preadv(file, [buffer[: min(CHUNK, stop - start)]], start)
            if not length:
                return
            yield buffer[:length]
            start += length


def _next_data(file: int, start: int, end: int) -> int:
    return min(end, _seek(file, start, os.SEEK_DATA, end))


def _seek(file: int, start: int, whence: int, otherwise: int) -> int:
    """Where data or a hole begins; there is none up to the end of the file when the kernel says ENXIO."""
    try:
        return os.lseek(file, start, whence)
    except OSError:
        return otherwise


def _descriptor(disk: DiskRecord, extent: str) -> str:
    sectors = disk.capacity // 512
    kind = "VMFS" if extent.endswith("-flat.vmdk") else "VMFSSPARSE"
    return (
        '# Disk DescriptorFile\nversion=1\nencoding="UTF-8"\nCID=fffffffe\nparentCID=ffffffff\ncreateType="vmfs"\n\n'
        f'# Extent description\nRW {sectors} {kind} "{extent}"\n\n# The Disk Data Base\n#DDB\n\n'
        f'ddb.adapterType = "lsilogic"\nddb.geometry.cylinders = "{sectors // (255 * 63)}"\nddb.geometry.heads = "255"\n'
        f'ddb.geometry.sectors = "63"\nddb.thinProvisioned = "{int(disk.thin)}"\nddb.uuid = "{disk.uuid}"\nddb.virtualHWVersion = "19"\n'
    )
