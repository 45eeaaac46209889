"""A source that runs: started, checked, fed with new cookies, and ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self

from appliance.core.commands import Child, Children, CommandFailed, run
from appliance.vsphere.faults import SOURCE_FAILED, SOURCE_LENGTH
from appliance.vsphere.folder import address, check_length
from appliance.vsphere.session import VCenter
from appliance.vsphere.snapshots import FrozenDisk
from appliance.vsphere.sources import DiskSource, HttpsSource

READY_LIMIT = 15.0
# The first look at a disk includes the server's own retries.
PROBE_LIMIT = 60.0
FOLDER_PREFIX = "source-"


async def https_source(vcenter: VCenter, disk: FrozenDisk, datacenter: str) -> HttpsSource:
    """The licence-free source of a disk at a snapshot, its file looked at.

    Raises UNSUPPORTED_CHAIN, SOURCE_LENGTH, SOURCE_FAILED.
    """
    where = address(disk, datacenter)
    await check_length(vcenter, disk, datacenter)
    return HttpsSource(
        disk.disk_id, disk.label, disk.datastore, disk.capacity_bytes, vcenter.host, vcenter.port, where, vcenter.certificate
    )


class OpenSource:
    """A disk that is served now on `socket` to any number of connections. Close it when done."""

    def __init__(self, source: DiskSource, folder: Path) -> None:
        self.source, self.folder, self.socket = source, folder, folder / "disk.sock"
        self._children: list[Child] = []
        self._unfollow: Callable[[], None] | None = None

    @property
    def uri(self) -> str:
        """For tools that take an address."""
        return f"nbd+unix:///?socket={self.socket}"

    async def start(self, children: Children, vcenter: VCenter, owner: str) -> None:
        """Write the files, start the programs and check the length. Raises SOURCE_FAILED, SOURCE_LENGTH."""
        rendered = self.source.render(self.folder, self.socket)
        for name, text in rendered.files.items():
            _write_secret(self.folder / name, text)
        self._unfollow = vcenter.follow_cookie(lambda cookie: _write_secret(self.folder / "cookie", cookie))
        if rendered.relay:
            await self._spawn(children, owner, rendered.relay, self.folder / "relay.sock")
        await self._spawn(children, owner, rendered.argv, self.socket)
        await self._check_length()

    async def close(self) -> None:
        """End the programs and remove the files."""
        if self._unfollow is not None:
            self._unfollow()
        for child in reversed(self._children):
            await child.kill()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def _spawn(self, children: Children, owner: str, argv: tuple[str, ...], socket: Path) -> None:
        with (self.folder / "log").open("ab") as log:
            child = await children.spawn(owner, argv, stderr=log.fileno())
        self._children.append(child)
        try:
            async with asyncio.timeout(READY_LIMIT):
                while not await asyncio.to_thread(socket.exists):
                    if child.returncode is not None:
                        raise self._failed(f"{argv[0]} ended with {child.returncode}")
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise self._failed(f"{argv[0]} did not listen in time") from error

    async def _check_length(self) -> None:
        try:
            answer = await run(["nbdinfo", "--size", self.uri], timeout=PROBE_LIMIT)
        except (CommandFailed, TimeoutError) as error:
            raise self._failed(str(error)) from error
        seen = int(answer.stdout)
        if seen != self.source.capacity_bytes:
            raise SOURCE_LENGTH(disk=self.source.label, seen=seen, expected=self.source.capacity_bytes)

    def _failed(self, cause: str) -> Exception:
        words = (self.folder / "log").read_text(errors="replace")[-2000:]
        return SOURCE_FAILED(disk=self.source.label, datastore=self.source.datastore, cause=f"{cause}: {words}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def open_source(children: Children, vcenter: VCenter, source: DiskSource, owner: str, runtime: Path) -> OpenSource:
    """Serve a disk on a Unix socket below `runtime` (a tmpfs, short path); ready when this returns, `async with` closes it.

    `owner` is the name under which its programs are on record, e.g. `source/<job>/<disk>`.
    """
    opened = OpenSource(source, await asyncio.to_thread(_new_folder, runtime))
    try:
        await opened.start(children, vcenter, owner)
    except BaseException:
        await opened.close()
        raise
    return opened


async def sweep(runtime: Path) -> None:
    """Remove what an agent that was killed has left below `runtime`; its programs ended with it, or are ended by their owner's name."""
    for left in await asyncio.to_thread(lambda: list(runtime.glob(f"{FOLDER_PREFIX}*"))):
        await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)


def _new_folder(runtime: Path) -> Path:
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=runtime))


def _write_secret(path: Path, text: str) -> None:
    """Replace the file in one move; only the owner may read it."""
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
