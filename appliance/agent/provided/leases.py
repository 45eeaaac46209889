"""What DHCP gave, as systemd-networkd keeps it in its own files: the server, and perhaps a name for this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from appliance.netconfig.names import host_name_flaw

LARGEST = 1 << 16
MOST = 16


@dataclass(frozen=True)
class Lease:
    """One interface's. An empty text is what was not given, or can't be used."""

    server: str
    host_name: str


def read_leases(folder: Path) -> list[Lease]:
    """The leases there are, in the order of the interfaces; reads files, never raises."""
    try:
        files = sorted((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
    except OSError:
        return []
    return [parsed(text) for text in map(_text, files[:MOST]) if text]


def parsed(text: str) -> Lease:
    """The lease in such a file (pure)."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    name = values.get("HOSTNAME", "")
    return Lease(_server(values.get("SERVER_ADDRESS", "")), "" if not name or host_name_flaw(name) else name)


def host_name(leases: Iterable[Lease]) -> str:
    """The first name that was given (pure)."""
    return next((one.host_name for one in leases if one.host_name), "")


def _server(text: str) -> str:
    """The address of a DHCP server that can be another machine."""
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return ""
    return "" if address.is_loopback or address.is_multicast or address.is_unspecified or address.is_reserved else text


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode(errors="replace")
    except OSError:
        return ""
