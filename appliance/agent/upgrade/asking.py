"""The agent's own health, asked for as everybody else does: an API that does not answer is not well."""

from __future__ import annotations

from pathlib import Path

from appliance.contract.client import Transport, client
from appliance.contract.status import Health, StatusApi


async def own_health(socket: Path) -> Health:
    """What the API on this socket says. Raises a Fault when it does not answer."""
    transport = Transport(unix=str(socket), timeout=10.0)
    try:
        return await client(StatusApi, transport).health()
    finally:
        await transport.close()
