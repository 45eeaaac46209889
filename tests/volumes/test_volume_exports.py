"""Exports: read by foreign NBD programs over loopback and a Unix socket."""

import asyncio
from pathlib import Path

import pytest
from volume_site import GIB, Site

from appliance.core.commands import run
from appliance.volumes.facade import Volumes

pytestmark = pytest.mark.peers


def _uri(volumes: Volumes, volume_id: str) -> str:
    return f"nbd://127.0.0.1:{volumes.exports.port}/vol{volume_id}"


async def test_a_present_volume_is_read_by_name(site: Site, volumes: Volumes, tmp_path: Path) -> None:
    await volumes.start()
    volume_id = await site.disk(volumes)
    [path] = (await volumes.acquire("job-1", [volume_id])).values()
    path.open("r+b").write(b"bytes of the volume")
    assert (await run(["nbdinfo", "--size", _uri(volumes, volume_id)])).stdout.strip() == str(GIB).encode()
    copy = tmp_path / "copy"
    await run(["nbdcopy", _uri(volumes, volume_id), str(copy)])
    with copy.open("rb") as file:
        assert file.read(19) == b"bytes of the volume"


async def test_exports_are_read_only(site: Site, volumes: Volumes) -> None:
    await volumes.start()
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    assert (await run(["nbdinfo", "--is", "read-only", _uri(volumes, volume_id)], check=False)).code == 0


async def test_the_unix_socket_serves_the_same(site: Site, volumes: Volumes, tmp_path: Path) -> None:
    await volumes.start()
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    socket = tmp_path / "run" / "exports.sock"
    assert socket.stat().st_mode & 0o777 == 0o600
    listed = (await run(["nbdinfo", "--list", f"nbd+unix:///?socket={socket}"])).stdout.decode()
    assert f"vol{volume_id}" in listed


async def test_a_detached_volume_is_refused_and_comes_back_without_a_restart(site: Site, volumes: Volumes) -> None:
    await volumes.start()
    server = volumes.exports._child
    volume_id, other = await site.disk(volumes, 0), await site.disk(volumes, 1)
    await volumes.acquire("job-1", [volume_id, other])
    await volumes.detach([volume_id], "job-1")
    assert {row.volume_id: row.status for row in await volumes.export_rows()} == {volume_id: "detached", other: "exported"}
    gone = await run(["nbdinfo", "--size", _uri(volumes, volume_id)], check=False, timeout=10)
    assert gone.code != 0
    assert b"No such file or directory" in gone.stderr
    await run(["nbdinfo", "--size", _uri(volumes, other)])
    await volumes.acquire("job-1", [volume_id])
    await run(["nbdinfo", "--size", _uri(volumes, volume_id)])
    assert volumes.exports._child is server


async def test_a_name_outside_the_folder_is_refused(site: Site, volumes: Volumes) -> None:
    await volumes.start()
    uri = f"nbd://127.0.0.1:{volumes.exports.port}/%2E%2E%2Fexports.sock"
    assert (await run(["nbdinfo", "--size", uri], check=False, timeout=10)).code != 0


async def test_a_killed_server_is_started_again(site: Site, volumes: Volumes) -> None:
    await volumes.start()
    assert volumes.exports._child is not None
    volumes.exports._child.process.kill()
    volume_id = await site.disk(volumes)
    await volumes.acquire("job-1", [volume_id])
    await asyncio.sleep(0.1)
    await run(["nbdinfo", "--size", _uri(volumes, volume_id)], timeout=10)
    assert volumes.exports.is_serving


async def test_an_agent_takes_over_from_one_that_was_killed(site: Site, volumes: Volumes) -> None:
    await volumes.start()
    port = volumes.exports.port
    old = volumes.exports._child
    assert old is not None
    for listening in volumes.exports._sockets:  # what the kernel does to a killed agent; its server lives on
        listening.close()
    assert volumes.exports._watch is not None
    volumes.exports._watch.cancel()
    again = site.restart(export_port=port)
    await again.start()
    assert again.exports.port == port
    assert await old.wait() != 0
