"""Disks of the lab's vCenter, opened as the product opens them: what tests of sources have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.lab.vcenter import VcenterLab
from appliance.vsphere.certificate import fetch_fingerprint
from appliance.vsphere.serving import OpenSource
from appliance.vsphere.session import VCenter

SAME, DIFFERENT = 0, 1
"""What `qemu-img compare` ends with; anything else is an error of reading."""


@asynccontextmanager
async def logged_in(lab: VcenterLab, keep_alive: float = 15.0) -> AsyncIterator[VCenter]:
    """A session in the lab's vCenter, whose certificate is trusted as it is found."""
    thumbprint = await fetch_fingerprint(lab.host, lab.port)
    async with VCenter(lab.host, lab.user, lab.password, port=lab.port, thumbprint=thumbprint, keep_alive=keep_alive) as session:
        yield session


async def compared(opened: OpenSource, original: Path) -> int:
    """How a disk that is served compares with a file."""
    argv = ["qemu-img", "compare", "-f", "raw", "-F", "raw", opened.uri, str(original)]
    return await (await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)).wait()
