"""Which reader a frozen disk is opened with: VMware's library where it works, HTTPS otherwise, and the one for the other where it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.vsphere.faults import SOURCE_FAILED, SOURCE_LENGTH
from appliance.vsphere.serving import OpenSource, https_source, open_source
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk, SnapshotRecord
from appliance.vsphere.sources import VendorSource
from appliance.vsphere.vddk.library import Usable

LIBRARY_FAILURES = frozenset({SOURCE_FAILED.key, SOURCE_LENGTH.key})


@dataclass(frozen=True)
class Where:
    """A frozen disk, and what its reading is recorded under: `owner` of the programs, `runtime` for their files."""

    vcenter: VCenter
    record: SnapshotRecord
    disk: FrozenDisk
    datacenter: str
    owner: str
    runtime: Path


async def open_disk(children: Children, where: Where, library: Usable | None, failed: Callable[[Fault], Awaitable[None]]) -> OpenSource:
    """Open the disk with the library, if there is one; `failed` is told why it could not be, before HTTPS is taken.

    Raises UNSUPPORTED_CHAIN, SOURCE_LENGTH, SOURCE_FAILED.
    """
    if library is not None:
        try:
            return await open_source(children, where.vcenter, library_source(where, library), where.owner, where.runtime)
        except Fault as error:
            if error.key not in LIBRARY_FAILURES:
                raise
            await failed(error)
    source = await https_source(where.vcenter, where.disk, where.datacenter)
    return await open_source(children, where.vcenter, source, where.owner, where.runtime)


def library_source(where: Where, library: Usable) -> VendorSource:
    """The disk as the library is asked for it (pure)."""
    vcenter, disk = where.vcenter, where.disk
    return VendorSource(
        disk_id=disk.disk_id,
        label=disk.label,
        datastore=disk.datastore,
        capacity_bytes=disk.capacity_bytes,
        host=vcenter.host,
        port=vcenter.port,
        certificate=vcenter.certificate,
        library=library.folder,
        vm=where.record.vm,
        snapshot=where.record.moref,
        path=disk.backing_path,
        username=vcenter.username,
        password=vcenter.password,
        plugin=library.plugin,
    )
