"""The copying process's way to a data session. Imports nothing of the agent."""

from __future__ import annotations

import socket
from pathlib import Path

from appliance.tunnel.sockets import harden


def open_data_socket(host: str, port: int, token: str, timeout: float = 10.0) -> socket.socket:
    """A connected socket on which the data session's NBD server will speak; hand it to libnbd by `connect_socket`.

    `token` opens one connection and is used up by it; `timeout` in seconds. Raises OSError when there is no way through.
    A refused token shows as an end of file at the first read: the far side says nothing to strangers.
    """
    sock = socket.create_connection((host, port), timeout=timeout)
    try:
        harden(sock)
        sock.sendall(f"NBD {token}\n".encode())
        sock.settimeout(None)
    except OSError:
        sock.close()
        raise
    return sock


def open_tunnelled_socket(path: Path, timeout: float = 10.0) -> socket.socket:
    """The slower way, through the control tunnel: connect to the local socket the agent opened for the session.

    It needs no token: the tunnel has already proved who asks. Raises OSError when the tunnel is down.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(str(path))
        sock.settimeout(None)
    except OSError:
        sock.close()
        raise
    return sock
