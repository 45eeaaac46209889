"""A network of its own for booted machines and the lab: a namespace with a bridge, and a tap for each machine."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from appliance.core.commands import run
from appliance.demo import sites

GATEWAY, PREFIX = "10.76.0.1", 24
"""The namespace's own address beside the machines; through it they reach the addresses of the clouds."""

_libc = ctypes.CDLL(None, use_errno=True)


@asynccontextmanager
async def segment(name: str, taps: Sequence[str]) -> AsyncIterator[str]:
    """The namespace, for the time of the block; what still runs in it at the end is ended. Raises CommandFailed."""
    await sites.drop(name)
    await run(["ip", "netns", "add", name])
    try:
        await _in(name, "link", "set", "lo", "up")
        await _in(name, "link", "add", "lan", "type", "bridge", "forward_delay", "0")
        for address in (f"{GATEWAY}/{PREFIX}", f"{sites.SOURCE_ADDRESS}/32", f"{sites.TARGET_ADDRESS}/32"):
            await _in(name, "address", "add", address, "dev", "lan")
        for tap in taps:
            await _in(name, "tuntap", "add", tap, "mode", "tap")
            await _in(name, "link", "set", tap, "master", "lan", "up")
        await _in(name, "link", "set", "lan", "up")
        yield name
    finally:
        await sites.drop(name)


@contextmanager
def standing_in(name: str) -> Iterator[None]:
    """Sockets that this thread makes within the block belong to the namespace. Raises OSError."""
    with Path("/proc/thread-self/ns/net").open() as before, Path("/run/netns", name).open() as there:
        _set_namespace(there.fileno())
        try:
            yield
        finally:
            _set_namespace(before.fileno())


def socket_in(name: str, family: int, kind: int, protocol: int) -> socket.socket:
    """A socket of the namespace. Raises OSError."""
    with standing_in(name):
        return socket.socket(family, kind, protocol)


async def _in(name: str, *words: str) -> None:
    await run(["ip", "-n", name, *words])


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, os.CLONE_NEWNET if hasattr(os, "CLONE_NEWNET") else 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
