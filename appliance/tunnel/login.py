"""The VMA's SSH login at its OMA: out to one address, with the host key that pairing pinned, and no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import asyncssh

from appliance.tunnel.identity import Identity
from appliance.tunnel.sockets import harden

CONNECT_LIMIT = 10.0
LOGIN_LIMIT = 15.0
KEEPALIVE = 5.0
"""Seconds between keep-alives; after three unanswered ones the tunnel counts as cut."""

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")


async def log_in(
    identity: Identity, host: str, port: int, host_key: str, reached: Callable[[bool], None] = lambda _: None
) -> asyncssh.SSHClientConnection:
    """An authenticated connection; `reached` is told whether there is anybody at all.

    Raises OSError or TimeoutError when there is no way there, asyncssh.HostKeyNotVerifiable for an impostor,
    asyncssh.PermissionDenied when the OMA does not know this VMA (any more), another asyncssh.Error otherwise.
    """
    try:
        sock = await asyncio.to_thread(socket.create_connection, (host, port), CONNECT_LIMIT)
    except OSError:
        reached(False)
        raise
    reached(True)
    try:
        harden(sock)
        sock.setblocking(False)
        async with asyncio.timeout(LOGIN_LIMIT):
            return await asyncssh.run_client(
                sock,
                config=None,
                username=identity.id,
                client_keys=[identity.ssh_key],
                known_hosts=([asyncssh.import_public_key(host_key)], [], []),
                server_host_key_algs=["ssh-ed25519"],
                encryption_algs=CIPHERS,
                compression_algs=None,
                preferred_auth=["publickey"],
                agent_path=None,
                keepalive_interval=KEEPALIVE,
                keepalive_count_max=3,
            )
    except BaseException:
        sock.close()
        raise
