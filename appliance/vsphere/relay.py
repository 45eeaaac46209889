"""A small program: carries connections from a Unix socket to a host, unread. `python -m appliance.vsphere.relay SOCKET HOST PORT`."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import sys

CHUNK = 1 << 18
PR_SET_PDEATHSIG = 1


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _carry(host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        there_reader, there_writer = await asyncio.open_connection(host, port, limit=CHUNK)
        with contextlib.closing(there_writer):
            pumps = [asyncio.ensure_future(_pump(reader, there_writer)), asyncio.ensure_future(_pump(there_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


async def serve(socket: str, host: str, port: int) -> None:
    """Listen on the Unix socket until killed."""
    server = await asyncio.start_unix_server(lambda reader, writer: _carry(host, port, reader, writer), socket, limit=CHUNK)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    asyncio.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
