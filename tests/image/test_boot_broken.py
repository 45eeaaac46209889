"""An OMA that can't start offers nobody a shell."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.image.machine import KVM, machine
from tests.image.planting import rewrite

NOWHERE = "root=UUID=00000000-0000-0000-0000-000000000000"
TRIES = 400.0
"""Seconds; the initial RAM disk waits half a minute for the disk."""


async def test_without_its_root_file_system_it_restarts_and_takes_no_keys(oma_disk: Path, images: Path) -> None:
    await rewrite(oma_disk, "/boot/grub/grub.cfg", lambda text: re.sub(r"root=UUID=[0-9a-f-]{36}", NOWHERE, text))
    async with machine(images / "boots" / "broken", oma_disk, images / "shots", KVM) as oma:
        restarts = asyncio.Queue[str]()
        oma.engine.qmp.listen(lambda event: restarts.put_nowait(event.name) if event.name == "RESET" else None)
        async with asyncio.timeout(TRIES):
            while restarts.empty():
                await oma.type("\nid > /dev/ttyS0\n")
                await asyncio.sleep(2.0)
                await oma.picture("oma-without-root")
        assert "uid=0" not in oma.engine.console.text
        assert "(initramfs)" not in oma.engine.console.text
