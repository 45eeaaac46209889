"""What systemd-networkd says of an interface: whether it sets it up, and what the file that it does so by lets come by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LINK_STATES = Path("/run/systemd/netif/links")
_TRUE, _FALSE = frozenset({"1", "yes", "y", "true", "t", "on"}), frozenset({"0", "no", "n", "false", "f", "off"})
_DHCP = {**dict.fromkeys(_TRUE | {"both"}, (4, 6)), **dict.fromkeys({"ipv4", "v4"}, (4,)), **dict.fromkeys({"ipv6", "v6"}, (6,))}


@dataclass(frozen=True)
class Management:
    """What becomes of one interface. `automatic`: whether addresses of IPv4 and IPv6 come by themselves, where the file says.

    `file` is the name of that file, empty where none is for it; None where systemd-networkd says nothing of the interface.
    """

    unmanaged: bool = False
    file: str | None = None
    automatic: Mapping[int, bool] = field(default_factory=dict)


def management(index: int, states: Path = _LINK_STATES) -> Management:
    """Read from systemd-networkd's own files (sd-network(3) reads them too); an interface that it does not know is in no doubt."""
    state = dict(_assignments(_text(states / str(index))))
    if "ADMIN_STATE" not in state:
        return Management()
    file = Path(state.get("NETWORK_FILE", ""))
    text = _text(file) if file.name else ""
    return Management(state["ADMIN_STATE"] == "unmanaged", file.name, automatic(text) if text else {})


def automatic(text: str) -> dict[int, bool]:
    """What a file in the format of systemd.network(5) says of DHCP and router advertisements. Unless it says so, there is no DHCP.

    Advertisements are taken by default, which says nothing of what was meant: then there is no word on IPv6.
    """
    settings = dict(_assignments(text, "[Network]"))
    by_dhcp, advertised = _DHCP.get(settings.get("DHCP", "no").lower(), ()), settings.get("IPv6AcceptRA", "").lower()
    found = {4: 4 in by_dhcp}
    if 6 in by_dhcp or advertised in _TRUE | _FALSE:
        found[6] = 6 in by_dhcp or advertised in _TRUE
    return found


def _assignments(text: str, section: str = "") -> list[tuple[str, str]]:
    """The settings in one section, in their order; without a section those before the first one."""
    found, within = [], ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            within = line
        elif within == section and "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            found.append((key.strip(), value.strip()))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
