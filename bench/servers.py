"""The NBD servers around a copy: nbdkit serving the source, and the peer's target."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from appliance.core.commands import Children, run

PATIENCE = 10.0
IDENTITY = "bench"


@contextlib.asynccontextmanager
async def source(children: Children, folder: Path, disk: Path) -> AsyncIterator[Path]:
    """The socket of an nbdkit that serves the disk for reading."""
    path = folder / f"{disk.stem}.sock"
    path.unlink(missing_ok=True)
    async with _served(children, ["-r", "-U", str(path), "file", str(disk)]):
        await _until(path.exists)
        yield path


@contextlib.asynccontextmanager
async def plain_target(children: Children, disk: Path, *options: str) -> AsyncIterator[int]:
    """The port of an nbdkit that serves the disk for writing without TLS."""
    port = _free_port()
    async with _served(children, ["-i", "127.0.0.1", "-p", str(port), *options, "file", str(disk)]):
        await _until(lambda: _listens(port))
        yield port


@contextlib.asynccontextmanager
async def tls_target(children: Children, folder: Path, disk: Path, env: Mapping[str, str]) -> AsyncIterator[str]:
    """The URI of an nbdkit that serves the disk for writing with a pre-shared key."""
    keys, port = folder / "peer.psk", _free_port()
    keys.write_text(f"{IDENTITY}:{secrets.token_hex(32)}\n")
    options = ["-i", "127.0.0.1", "-p", str(port), "--tls=require", f"--tls-psk={keys}"]
    async with _served(children, [*options, "file", str(disk)], env):
        await _until(lambda: _listens(port))
        yield f"nbds://{IDENTITY}@127.0.0.1:{port}/?tls-psk-file={keys}"


async def identical(one: Path, other: Path) -> bool:
    """Whether two raw disks hold the same bytes, by a program that is not ours."""
    done = await run(["qemu-img", "compare", "-f", "raw", "-F", "raw", str(one), str(other)], timeout=600, check=False)
    return done.code == 0


@contextlib.asynccontextmanager
async def _served(children: Children, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> AsyncIterator[None]:
    child = await children.spawn("bench/server", ["nbdkit", "-f", "--exit-with-parent", *arguments], env=env)
    try:
        yield
    finally:
        await child.terminate(2)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - a file or a port of another process tells no event
            await asyncio.sleep(0.02)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
