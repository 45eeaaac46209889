"""Small programs for Windows that a preparation puts into guests; the operator brings them, for Debian has none of them.

virt-v2v(1), VIRT_TOOLS_DATA_DIR: one of the first two carries out what a prepared guest has to do at its first start, and no Windows is
prepared without; the third waits for new devices before the network is set up. Debian's own folder of them does not exist.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

from appliance.contract.errors import NOT_FOUND
from appliance.contract.windows_drivers import PROGRAM_LIMIT, WindowsProgram
from appliance.core import durable, receiving
from appliance.core.cancelling import to_its_end
from appliance.core.web import Heard
from appliance.failover.faults import NO_PROGRAM, NO_SUCH_PROGRAM

FIRST_STARTS = ("rhsrvany.exe", "pvvxsvc.exe")
"""One of them is needed; each does it."""
NAMES = (*FIRST_STARTS, "pnp_wait.exe")
_SYSTEM = Path("/usr/share/virt-tools")
_HEADER, _SECTION = struct.Struct("<4sHHIIIHHH"), struct.Struct("<8sIIII16x")
_KINDS = {(0x14C, 0x10B), (0x8664, 0x20B)}
"""Machine and kind of optional header: x86 with PE32, x86-64 with PE32+."""
_EXECUTABLE, _LIBRARY = 0x0002, 0x2000


class Programs:
    """The programs in a folder of their own, each under the name by which it is looked for."""

    def __init__(self, folder: Path, system: Path = _SYSTEM) -> None:
        self._folder, self._system = folder, system

    async def take(self, name: str, parts: AsyncIterator[bytes], heard: Heard | None = None) -> WindowsProgram:
        """Keep a program, in place of the one before. Raises a Fault; then that one stays."""
        if name not in NAMES:
            raise NO_SUCH_PROGRAM(names=", ".join(NAMES))
        async with receiving.received(parts, self._folder.parent, limit=PROGRAM_LIMIT, heard=heard) as came:
            return await to_its_end(asyncio.to_thread(self._settle, came.path, name))

    async def all(self) -> list[WindowsProgram]:
        """Those that are here."""
        return await asyncio.to_thread(lambda: list(self._all()))

    async def remove(self, name: str) -> None:
        """Remove one. Raises a Fault (404)."""
        path = self._folder / name
        if name not in NAMES or not await asyncio.to_thread(path.is_file):
            raise NOT_FOUND(noun="program", id=name)
        with durable.writing():
            await asyncio.to_thread(durable.remove, path)

    def folder(self) -> Path | None:
        """Where a preparation finds what it needs of them; None where it is not here. Reads files."""
        for place in (self._folder, self._system):
            if any((place / name).is_file() for name in FIRST_STARTS):
                return place
        return None

    def _all(self) -> Iterator[WindowsProgram]:
        for name in NAMES:
            try:
                yield _described(self._folder / name)
            except FileNotFoundError:
                continue

    def _settle(self, coming: Path, name: str) -> WindowsProgram:
        if flaw := program_flaw(coming.read_bytes()):
            raise NO_PROGRAM(name=name, cause=flaw)
        with durable.writing():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            coming.replace(self._folder / name)
            durable.sync(self._folder)
        return _described(self._folder / name)


def program_flaw(content: bytes) -> str:
    """Why these bytes are no whole program for Windows, for support; empty where they are ("PE Format", Microsoft) (pure)."""
    try:
        (at,) = struct.unpack_from("<I", content, 0x3C)
        mark, machine, sections, _, _, _, optional, traits, kind = _HEADER.unpack_from(content, at)
        if content[:2] != b"MZ" or mark != b"PE\0\0":
            return "it does not begin as one"
        if (machine, kind) not in _KINDS:
            return f"it is for another processor: {machine:#x}, {kind:#x}"
        if not traits & _EXECUTABLE or traits & _LIBRARY:
            return "it can't be started"
        table = at + _HEADER.size - 2 + optional
        ends = [sum(_SECTION.unpack_from(content, table + number * _SECTION.size)[3:5]) for number in range(sections)]
    except struct.error:
        return "it is cut off in its headers"
    if not ends:
        return "nothing is in it"
    return "it is cut off" if max(ends) > len(content) else ""


def _described(path: Path) -> WindowsProgram:
    with path.open("rb") as file:
        content = file.read(PROGRAM_LIMIT + 1)
    made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return WindowsProgram(name=path.name, size_bytes=len(content), created_at=made, sha256=hashlib.sha256(content).hexdigest())
