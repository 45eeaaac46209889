"""Whether two appliances use one identity (pure)."""

from __future__ import annotations

from collections.abc import Iterable


def is_twin(boot_id: str, earlier: Iterable[str]) -> bool:
    """Whether a tunnel with this boot id shows that the appliance exists twice.

    `earlier` are the boot ids of the peer's earlier tunnels, the newest first. A reboot brings an id that was never seen, and the
    old one never again; so an id that comes back after another one was seen belongs to a second machine.
    """
    known = [one for one in earlier if one]
    return bool(known) and known[0] != boot_id and boot_id in known
