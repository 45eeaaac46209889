"""What the parent says on standard input, line by line."""

from __future__ import annotations

import os

from appliance.replication.mover.protocol import refused


class Abandoned(Exception):
    """The parent closed the pipe or is gone: nobody wants the copy any more."""


class Orders:
    """Reads lines from a descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._rest = b""

    def first(self) -> str:
        """The first line, waited for. Raises CopyError (refused) when the text ends before the line does."""
        while b"\n" not in self._rest:
            data = os.read(self.fd, 1 << 16)
            if not data:
                raise refused("the job was cut off")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")

    def arrived(self) -> list[str]:
        """The whole lines that are there now; call it when the descriptor is readable. Raises Abandoned at the end of input."""
        data = os.read(self.fd, 1 << 16)
        if not data:
            raise Abandoned
        return self._lines(data)

    def waiting(self) -> list[str]:
        """Whole lines that came together with the first one."""
        return self._lines(b"")

    def _lines(self, data: bytes) -> list[str]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines if line.strip()]
