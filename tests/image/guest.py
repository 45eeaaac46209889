"""What runs in a booted machine, seen from outside: commands over the probe, and the text on its screen."""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
import time
from pathlib import Path

from tests.image import screens

LINE_LIMIT = 4 << 20
ANSWER = 30.0
"""Seconds that a command has; a busy emulated machine is slow."""
SHOWN = 180.0
"""Seconds until something is on the screen, or has become so; where two machines share a busy computer it takes long."""


class Refused(Exception):
    """A command in the machine ended with another status than 0."""


class Guest:
    """The other end of the probe. It may be asked before the machine has come up, and over its restarts."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Once the machine's process is there."""
        reader, self._writer = await asyncio.open_unix_connection(self._socket, limit=LINE_LIMIT)
        self._pump = asyncio.create_task(self._read(reader))

    async def close(self) -> None:
        """The machine ended, or nobody wants to know any more."""
        if self._writer is not None and self._pump is not None:
            self._writer.close()
            self._pump.cancel()
            await asyncio.wait([self._pump])

    async def run(self, command: str, timeout: float = ANSWER) -> str:
        """Run a line of shell and return what it printed; raises Refused, or TimeoutError when the machine is not up."""
        return (await self._ask(command, timeout)).decode(errors="replace").strip()

    async def boot_id(self, timeout: float) -> str:
        """Wait until the machine is up and return what is different at each of its starts. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while True:
                try:
                    return await self.run("cat /proc/sys/kernel/random/boot_id", 5.0)
                except TimeoutError:
                    continue

    async def restarted(self, before: str, timeout: float) -> None:
        """Wait until the machine has another boot id than `before`. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while await self.boot_id(timeout) == before:
                await asyncio.sleep(1.0)

    async def screen(self, timeout: float = ANSWER) -> str:
        """The text on the first virtual terminal."""
        return screens.virtual(await self._ask("head -c 4 /dev/vcsa1; cat /dev/vcsu1", timeout))

    async def shows(self, pattern: str, timeout: float = SHOWN) -> str:
        """Wait until the screen has text that the regular expression finds; returns all of it.

        Raises AssertionError with what is on the screen instead.
        """
        end, shown = time.monotonic() + timeout, "the machine did not say"
        while time.monotonic() < end:
            try:
                shown = await self.screen(5.0)
            except (TimeoutError, Refused, ValueError):
                continue  # it is still coming up, or it restarts
            if re.search(pattern, shown):
                return shown
            await asyncio.sleep(0.3)
        raise AssertionError(f"no {pattern!r} on the screen within {timeout:.0f} s, but:\n{shown}")

    async def becomes(self, command: str, wanted: str, timeout: float = SHOWN, answer: float = ANSWER) -> str:
        """Wait until a command prints what the regular expression matches as a whole; it has `answer` seconds each time.

        Raises AssertionError with what it prints.
        """
        end, said = time.monotonic() + timeout, "nothing"
        while time.monotonic() < end:
            try:
                said = await self.run(command, answer)
            except (Refused, TimeoutError) as error:
                said = str(error)
            if re.fullmatch(wanted, said, re.DOTALL):
                return said
            await asyncio.sleep(0.5)
        raise AssertionError(f"{command!r} does not become {wanted!r} within {timeout:.0f} s, but: {said}")

    async def _ask(self, command: str, timeout: float) -> bytes:
        if self._writer is None:
            raise ConnectionError("the machine is off")
        number = next(self._numbers)
        answered: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(f"{number} {command}\n".encode())
                status, output = await answered
        finally:
            del self._waiting[number]
        if status:
            raise Refused(f"{command!r} ended with {status}: {output.decode(errors='replace')}")
        return output

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            parts = line.decode(errors="replace").split()
            # What a machine that restarts had begun to say is no answer.
            if len(parts) not in (2, 3) or not parts[0].isdigit() or not parts[1].isdigit():
                continue
            answered = self._waiting.get(int(parts[0]))
            if answered is not None and not answered.done():
                answered.set_result((int(parts[1]), base64.b64decode(parts[2]) if len(parts) == 3 else b""))
