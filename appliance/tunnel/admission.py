"""How many strangers may be connected at once, in all and per address, with room kept for known peers (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

_OF_ONE = 64
"""Bits of an IPv6 address that a subnet has in common: whoever has one, has all the others (RFC 4291, 2.5.1)."""


@dataclass(frozen=True)
class Limits:
    """Connections that have not proved who they are. `reserve` of the total is for addresses of known peers alone."""

    total: int = 128
    reserve: int = 32
    per_address: int = 24


class Slot:
    """One connection's place among the strangers; given back once it has proved who it is, or has ended."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """Give the place back; calling it again does nothing."""
        if self._give_back is not None:
            give_back, self._give_back = self._give_back, None
            give_back()


class Admission:
    """Counts the strangers and says who may still come in."""

    def __init__(self, limits: Limits, is_known: Callable[[str], bool]) -> None:
        self._limits, self._is_known = limits, is_known
        self._by_address: Counter[str] = Counter()

    @property
    def strangers(self) -> int:
        """Connections that have not proved who they are."""
        return self._by_address.total()

    def admit(self, address: str) -> Slot | None:
        """A place for a connection from this address, None when there is none left for it."""
        room = self._limits.total if self._is_known(address) else self._limits.total - self._limits.reserve
        counted = counted_as(address)
        if self.strangers >= room or self._by_address[counted] >= self._limits.per_address:
            return None
        self._by_address[counted] += 1
        return Slot(lambda: self._leave(counted))

    def _leave(self, counted: str) -> None:
        self._by_address[counted] -= 1
        if not self._by_address[counted]:
            del self._by_address[counted]


def counted_as(address: str) -> str:
    """What limits for one address count: one of IPv4 itself, the whole subnet for one of IPv6 (pure)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Network((int(found), _OF_ONE), strict=False)) if isinstance(found, IPv6Address) else address
