"""What is looked at during a trial besides the health: that others get in, and that the records are what this release takes them for."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
import asyncssh
from sqlalchemy import select

from appliance.agent.upgrade.faults import DOOR_SHUT
from appliance.core.store import Base, Store
from appliance.tunnel.identity import Identity

_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


async def door_answers(address: str, port: int, identity: Identity) -> None:
    """Come to one's own front door as an operator and as the other appliance do. Raises a Fault unless this appliance answers both."""
    host = _EVERYWHERE.get(address, address)
    try:
        await _answers_operators(host, port, identity.certificate_hash())
        key = await asyncssh.get_server_host_key(host, port, config=None, server_host_key_algs=["ssh-ed25519"])
    except (OSError, TimeoutError, aiohttp.ClientError, asyncssh.Error, ssl.SSLError) as error:
        raise DOOR_SHUT(port=port, cause=repr(error)) from error
    if key is None or key.export_public_key().decode().split()[:2] != identity.ssh_public_key.split():
        raise DOOR_SHUT(port=port, cause="another key")


async def _answers_operators(host: str, port: int, fingerprint: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    pinned = aiohttp.Fingerprint(bytes.fromhex(fingerprint))
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http,
        http.get(f"https://{shown}:{port}/", ssl=pinned) as response,
    ):
        if response.status >= 500:  # that nothing is there without a token is an answer
            response.raise_for_status()


async def records_fit(store: Store) -> None:
    """Read a row of every table, with all its columns. Raises what is wrong when the migrations have not made what the models say."""
    async with store.session() as session:
        for mapper in sorted(Base.registry.mappers, key=str):
            await session.execute(select(mapper.class_).limit(1))
            await asyncio.sleep(0)
