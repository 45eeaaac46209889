"""The addresses by which others reach this machine."""

from __future__ import annotations

import asyncio

from pyroute2 import IPRoute

_UNIVERSE = 0
"""The scope of addresses that are neither loopback nor link-local; rtnetlink(7)."""


async def addresses() -> list[str]:
    """Without loopback and link-local ones, IPv4 first."""
    return await asyncio.to_thread(_read)


def _read() -> list[str]:
    with IPRoute() as kernel:
        found = [(one["family"], one["index"], _address(one)) for one in kernel.get_addr() if one["scope"] == _UNIVERSE]
    return [address for _, _, address in sorted(found) if address]


def _address(message: dict[str, object]) -> str:
    told = dict(message["attrs"])  # type: ignore[call-overload]
    return str(told.get("IFA_LOCAL") or told.get("IFA_ADDRESS") or "")
