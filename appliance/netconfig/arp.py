"""Who on the link has an IPv4 address: ARP probes, which change nothing anywhere (RFC 5227, section 2.1.1)."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import time
from collections.abc import Iterable
from ipaddress import IPv4Address

_ETHERTYPE = 0x0806
_BROADCAST = b"\xff" * 6
_NOBODY = bytes(4)
_REQUEST = 1
# Hardware type Ethernet, protocol IPv4, their lengths, operation; then sender and target, each hardware and protocol (RFC 826).
_PACKET = struct.Struct("!HHBBH6s4s6s4s")
_HEADER = 14
_PROBES, _INTERVAL = 3, 0.2


async def holders(interface: str, addresses: Iterable[IPv4Address], *, seconds: float = 1.0) -> dict[IPv4Address, str]:
    """Which of these addresses a machine on the interface's link has, and its MAC address.

    Takes `seconds`, less when all of them are answered for. Raises OSError where the interface can't be asked.
    """
    return await asyncio.to_thread(_ask, interface, frozenset(addresses), seconds)


def probe(mac: bytes, address: IPv4Address) -> bytes:
    """The Ethernet frame that asks for an address without claiming it."""
    packet = _PACKET.pack(1, 0x0800, 6, 4, _REQUEST, mac, _NOBODY, bytes(6), address.packed)
    return _BROADCAST + mac + struct.pack("!H", _ETHERTYPE) + packet


def claimed(frame: bytes, own_mac: bytes) -> tuple[IPv4Address, str] | None:
    """The address that another machine's frame lays claim to, by having it or by probing for it too; with its MAC address."""
    if len(frame) < _HEADER + _PACKET.size:
        return None
    kind, protocol, _, _, operation, sender_mac, sender, _, target = _PACKET.unpack_from(frame, _HEADER)
    if (kind, protocol) != (1, 0x0800) or sender_mac == own_mac:
        return None
    address = sender if sender != _NOBODY else target if operation == _REQUEST else _NOBODY
    return (IPv4Address(address), sender_mac.hex(":")) if address != _NOBODY else None


def _ask(interface: str, addresses: frozenset[IPv4Address], seconds: float) -> dict[IPv4Address, str]:
    found: dict[IPv4Address, str] = {}
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETHERTYPE)) as asking:
        asking.bind((interface, _ETHERTYPE))
        own_mac = asking.getsockname()[4]
        for turn in range(_PROBES):
            for address in addresses - found.keys():
                asking.send(probe(own_mac, address))
            until = end if turn == _PROBES - 1 else time.monotonic() + _INTERVAL
            _listen(asking, own_mac, addresses, found, until)
    return found


def _listen(asking: socket.socket, own_mac: bytes, addresses: frozenset[IPv4Address], found: dict[IPv4Address, str], until: float) -> None:
    while addresses - found.keys() and (left := until - time.monotonic()) > 0:
        if not select.select([asking], [], [], left)[0]:
            return
        claim = claimed(asking.recv(2048), own_mac)
        if claim is not None and claim[0] in addresses:
            found[claim[0]] = claim[1]
