"""Options of the sockets that cross the wire between the appliances."""

from __future__ import annotations

import socket

SILENCE_LIMIT = 30.0
"""Seconds without an acknowledgement from the far kernel after which a connection counts as cut."""


def harden(sock: socket.socket, silence: float = SILENCE_LIMIT) -> None:
    """No delay for small writes, keep-alive, and a limit (seconds) on unacknowledged data (tcp(7)); Unix sockets need none of it."""
    if sock.family == socket.AF_UNIX:
        return
    third = max(1, int(silence / 3))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, third)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, third // 2))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(silence * 1000))


def wake_at(sock: socket.socket, count: int) -> None:
    """Count the socket as readable only when `count` bytes are there or it has ended (socket(7), SO_RCVLOWAT).

    Without it a peeking reader spins: the bytes it has already seen keep the socket readable.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
