"""The same over real block devices: loop devices under identity links, as the demo uses them."""

import asyncio
import stat
from pathlib import Path

import pytest
from volume_site import GIB, Site

from appliance.core.commands import run
from appliance.volumes.facade import Volumes

pytestmark = pytest.mark.lab


@pytest.fixture
def lab_devices() -> str:
    """Real block devices."""
    return "loop"


async def test_an_attached_volume_is_a_block_device_and_goes_with_the_detach(site: Site, volumes: Volumes) -> None:
    await volumes.start()
    volume_id = await site.disk(volumes)
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    assert stat.S_ISBLK(path.stat().st_mode)
    await asyncio.to_thread(_write, path, b"bytes on a device")
    uri = f"nbd://127.0.0.1:{volumes.exports.port}/vol{volume_id}"
    assert (await run(["nbdinfo", "--size", uri])).stdout.strip() == str(GIB).encode()
    await volumes.detach([volume_id], "job-1")
    assert site.start_of(volume_id, 17) == b"bytes on a device"
    assert (await run(["losetup", "-j", str(site.file_of(volume_id))])).stdout == b""
    assert await volumes.reconcile() == []


async def test_a_grown_volume_comes_back_larger(site: Site, volumes: Volumes) -> None:
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await volumes.resize(volume_id, 2 * GIB, "job-1")
    await volumes.acquire("job-1", [volume_id])
    assert [row.size for row in await volumes.device_rows()] == [2 * GIB]


def _write(path: Path, data: bytes) -> None:
    with path.open("r+b") as device:
        device.write(data)
