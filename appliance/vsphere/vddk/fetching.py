"""The job that fetches the vendor's archive from a web address of the operator's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.contract.disk_library import UPLOAD_LIMIT
from appliance.core.carrying import Fetching
from appliance.core.web import Heard
from appliance.vsphere.vddk.library import Library

KIND = "library-fetch"


def fetching(library: Library) -> Fetching:
    """The kind of job; what has come waits to be accepted."""

    async def take(parts: AsyncIterator[bytes], heard: Heard) -> str:
        got = await library.take(parts, heard)
        return f"Version {got.version} was fetched and waits to be accepted; its SHA-256 is {got.sha256}."

    return Fetching(KIND, "VMware's disk library", UPLOAD_LIMIT, take)
