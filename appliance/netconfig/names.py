"""What is wrong with a name that was typed (RFC 1123, section 2.1), and what to type instead. Empty where nothing is wrong."""

from __future__ import annotations

import re

from appliance.netconfig.addresses import host_of
from appliance.netconfig.findings import entry_flaw, shown

LONGEST_NAME = 253
LONGEST_LABEL = 63
LONGEST_HOST_NAME = 64
"""What Linux keeps of a host name (HOST_NAME_MAX)."""
LONGEST_INTERFACE_NAME = 15
"""What the kernel keeps of an interface's name (IFNAMSIZ less its end)."""

EXAMPLE = "appliance-1.example.com"

_ODD = re.compile(r"[^A-Za-z0-9.-]")
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def host_name_flaw(text: str) -> str:
    """What is wrong with a name for the appliance itself."""
    plain = text.strip(" ")
    if flaw := name_flaw(text):
        return flaw
    if len(plain) > LONGEST_HOST_NAME:
        return f"{shown(plain)} has {len(plain)} characters. Type a host name with at most {LONGEST_HOST_NAME}, dots included."
    if plain.lower().partition(".")[0] == "localhost":
        return f"{shown(plain)} is what every machine calls itself. Type a name of the appliance's own, such as {EXAMPLE}."
    return ""


def name_flaw(text: str) -> str:
    """What is wrong with a host or domain name."""
    plain = text.strip(" ")
    return entry_flaw(text) or _script_flaw(plain) or _address_flaw(plain) or _odd_flaw(plain) or _length_flaw(plain) or _labels_flaw(plain)


def interface_name_flaw(text: str) -> str:
    """What is wrong with the name of an interface, as the kernel and systemd-networkd take one."""
    plain = text.strip(" ")
    if not plain:
        return "The interface has no name. Type one such as eth0, or eth0.100 for a VLAN."
    if flaw := entry_flaw(text):
        return flaw
    if not _INTERFACE.fullmatch(plain):
        return f"{shown(plain)} can't be an interface's name. Use letters, digits, dots, hyphens and underscores, such as eth0.100."
    if len(plain) > LONGEST_INTERFACE_NAME:
        return f"{shown(plain)} has {len(plain)} characters. Type an interface name with at most {LONGEST_INTERFACE_NAME}."
    if plain.isdigit() or plain in ("all", "default"):
        return f"{shown(plain)} can't be an interface's name. Type one that starts with letters, such as eth0.100."
    return "“lo” is the appliance's own loopback and can't be set. Choose another interface." if plain == "lo" else ""


def _script_flaw(name: str) -> str:
    """Names in other scripts travel as `xn--` labels (RFC 5890)."""
    if name.isascii():
        return ""
    try:
        return f"{shown(name)} has letters that host names can't have. Type its form for the network: {name.encode('idna').decode()}."
    except UnicodeError:
        return f"{shown(name)} has letters that host names can't have. Type its form for the network, which begins with xn--."


def _address_flaw(name: str) -> str:
    return f"{shown(name)} is an address. Type a name, such as {EXAMPLE}." if host_of(name) else ""


def _odd_flaw(name: str) -> str:
    odd = _ODD.search(name)
    return f"{shown(name)} has “{odd[0]}” in it. Use letters, digits and hyphens only, such as {EXAMPLE}." if odd else ""


def _length_flaw(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return ""
    return f"{shown(name)} has {len(name)} characters. Type a name with at most {LONGEST_NAME}."


def _labels_flaw(name: str) -> str:
    labels = name.split(".")
    if "" in labels:
        return f"{shown(name)} has a dot too many, or none of it is a name. Type dots only between the parts, such as {EXAMPLE}."
    if flaws := [flaw for label in labels if (flaw := _label_flaw(label))]:
        return flaws[0]
    if labels[-1].isdigit():
        return f"{shown(name)} ends in digits only, as addresses do. Put a letter into the last part, such as {EXAMPLE}."
    return ""


def _label_flaw(label: str) -> str:
    if len(label) > LONGEST_LABEL:
        return f"{shown(label)} has {len(label)} characters. Between two dots there can be at most {LONGEST_LABEL}."
    if label.startswith("-") or label.endswith("-"):
        return f"{shown(label)} begins or ends with a hyphen. Type it without, such as {label.strip('-') or EXAMPLE}."
    return ""
