"""Options of the sockets that cross the wire between the appliances."""

from __future__ import annotations

import errno
import socket

_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})

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


def listen(address: str, port: int) -> list[socket.socket]:
    """Listening sockets: on one address, or without one on all addresses of IPv4 and, where the kernel has it, of IPv6.

    One for each, and none for both: so no IPv4 address shows as an IPv6 one (`::ffff:192.0.2.1`), to whom it may be told.
    Raises OSError when address and port can't be had.
    """
    if address:
        return [_bound(socket.AF_INET6 if ":" in address else socket.AF_INET, address, port)]
    ipv4 = _bound(socket.AF_INET, "0.0.0.0", port)
    try:
        return [ipv4, _bound(socket.AF_INET6, "::", ipv4.getsockname()[1])]
    except OSError as error:
        if error.errno in _NO_IPV6:
            return [ipv4]
        ipv4.close()
        raise


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    made = socket.create_server((address, port), family=family, backlog=512)  # of IPv6 alone where it is of that
    made.setblocking(False)
    return made
