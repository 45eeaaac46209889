"""The agent's own state, asked for as everybody else does: an API that does not answer is not well."""

from __future__ import annotations

from pathlib import Path

from appliance.agent.upgrade.wellness import Seen
from appliance.contract.client import Transport, client
from appliance.contract.status import StatusApi


async def own_state(socket: Path) -> Seen:
    """What the API on this socket says. Raises a Fault when it does not answer."""
    transport = Transport(unix=str(socket), timeout=10.0)
    try:
        api = client(StatusApi, transport)
        return Seen(await api.health(), (await api.status()).tunnels)
    finally:
        await transport.close()
