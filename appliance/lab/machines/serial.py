"""The serial console of a machine: what it printed, waiting for text, typing."""

import asyncio
import codecs
import re
import socket
from pathlib import Path


class ConsoleClosed(Exception):
    """The machine is off, or ended while its console was waited on."""


class Console:
    """A serial line on a Unix socket. QEMU itself also appends everything to `log`, which outlives the machine and the lab."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._text = ""
        self._read_to = 0
        self._writer: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def text(self) -> str:
        """Everything printed since the machine was last started, without carriage returns."""
        return self._text

    def history(self) -> str:
        """Everything ever printed, over all starts, read from the log file; blocks for the time of reading it."""
        return self.log.read_bytes().decode(errors="replace").replace("\r", "") if self.log.exists() else ""

    async def read_until(self, pattern: str, timeout: float) -> str:
        """Wait (seconds) until `pattern`, a regular expression, is found after what was read before; returns the text up to its end.

        Raises TimeoutError, or ConsoleClosed when the machine ends first; both carry the last lines printed.
        """
        wanted = re.compile(pattern)
        try:
            async with asyncio.timeout(timeout):
                while not (found := wanted.search(self._text, self._read_to)):
                    if self._writer is None:
                        raise ConsoleClosed(f"the machine ended before its console showed {pattern!r}; last: {self._text[-300:]!r}")
                    await self._news.wait()
        except TimeoutError as error:
            raise TimeoutError(f"no {pattern!r} on the console within {timeout:.0f} s; last: {self._text[-300:]!r}") from error
        begin, self._read_to = self._read_to, found.end()
        return self._text[begin : found.end()]

    async def send(self, text: str) -> None:
        """Type `text`; a newline is the Enter key. Raises ConsoleClosed when the machine is off."""
        if self._writer is None:
            raise ConsoleClosed("the machine is off")
        self._writer.write(text.encode())
        await self._writer.drain()

    async def attach(self, connection: socket.socket) -> None:
        """Start reading a newly started machine's line; the text of an earlier start is dropped (the log keeps it)."""
        reader, self._writer = await asyncio.open_unix_connection(sock=connection)
        self._text, self._read_to = "", 0
        self._pump = asyncio.create_task(self._read(reader, self._writer))

    async def detach(self) -> None:
        """Wait until the last words of an ended machine are read."""
        if self._pump is not None:
            await self._pump

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            while chunk := await reader.read(65536):
                self._text += decoder.decode(chunk).replace("\r", "")
                self._announce()
        except OSError:
            pass  # a killed machine resets the line
        finally:
            writer.close()
            self._writer = None
            self._announce()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
