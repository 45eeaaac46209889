"""Disk files in a datastore as HTTPS serves them: their addresses, and their length."""

from __future__ import annotations

import http.client
import re
from urllib.parse import quote, urlencode

from appliance.vsphere._soap import translated
from appliance.vsphere.faults import SOURCE_FAILED, SOURCE_LENGTH, UNSUPPORTED_CHAIN
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk, SnapshotRecord, verify_unchanged

# A snapshot's own files are called <disk>-000001.vmdk; only the base has a plain -flat file.
DELTA = re.compile(r"-\d{6}\.vmdk$")
READABLE_KIND = "FlatVer2BackingInfo"


def address(disk: FrozenDisk, datacenter: str) -> str:
    """The path and query of the disk's frozen base file: /folder/…-flat.vmdk?dcPath=…&dsName=…

    `datacenter` is its inventory path. Raises UNSUPPORTED_CHAIN when the snapshot did not freeze a plain base disk.
    The form is VMware's "Datastore browser" HTTP access (vSphere Web Services SDK programming guide).
    """
    path = disk.backing_path.partition("] ")[2]
    if disk.parents or disk.backing_kind.rpartition(".")[2] != READABLE_KIND or DELTA.search(path) or not path.endswith(".vmdk"):
        raise UNSUPPORTED_CHAIN(disk=disk.label, cause=f"{disk.backing_kind} {disk.backing_path} with {disk.parents} parents")
    flat = path.removesuffix(".vmdk") + "-flat.vmdk"
    query = urlencode({"dcPath": datacenter.lstrip("/"), "dsName": disk.datastore}, quote_via=quote)
    return f"/folder/{quote(flat)}?{query}"


async def check_length(vcenter: VCenter, disk: FrozenDisk, datacenter: str) -> None:
    """Check that the base file is as long as the disk. Raises SOURCE_LENGTH, SOURCE_FAILED, UNSUPPORTED_CHAIN."""
    where = address(disk, datacenter)
    status, length = await vcenter.look("look at a disk's file", lambda _: _head(vcenter, where))
    if status in (401, 403):
        await vcenter.ensure_session()
        status, length = await vcenter.look("look at a disk's file", lambda _: _head(vcenter, where))
    if status != 200:
        raise SOURCE_FAILED(disk=disk.label, datastore=disk.datastore, cause=f"HEAD {where}: {status}")
    if length != disk.capacity_bytes:
        raise SOURCE_LENGTH(disk=disk.label, seen=length, expected=disk.capacity_bytes, cause=where)


async def verify(vcenter: VCenter, recorded: SnapshotRecord, datacenter: str) -> None:
    """Check that the snapshot, every disk and every file's length are as recorded.

    To be called before the first read, after each reconnect and before commit. Raises what `verify_unchanged` and `check_length` raise.
    """
    await verify_unchanged(vcenter, recorded)
    for disk in recorded.disks:
        await check_length(vcenter, disk, datacenter)


def _head(vcenter: VCenter, where: str) -> tuple[int, int]:
    with translated(vcenter.host, vcenter.port, "look at a disk's file"):
        connection = http.client.HTTPSConnection(vcenter.host, vcenter.port, timeout=vcenter.timeout, context=vcenter.tls)
        try:
            connection.request("HEAD", where, headers={"Cookie": vcenter.cookie})
            response = connection.getresponse()
            return response.status, int(response.getheader("Content-Length") or 0)
        finally:
            connection.close()
