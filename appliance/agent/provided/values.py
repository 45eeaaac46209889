"""What was given, value by value: those that can be used, and a sentence on each that can't. Pure, and nothing here is ever fatal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from appliance.contract.errors import Fault
from appliance.contract.provided import Giver, Provided
from appliance.netconfig.address_flaws import address_flaw, host_flaw, server_flaw
from appliance.netconfig.findings import printable, shown
from appliance.netconfig.names import host_name_flaw, name_flaw
from appliance.netconfig.reach import target
from appliance.netconfig.servers import DNS_MOST, NTP_MOST, SEARCH_MOST, ntp_flaw

LONGEST = 255
"""Characters of a value, or of each entry of a list."""
MOST_FLAWS = 6
MOST_NAMED = 4

Flaw = Callable[[str], str]


class Unusable(Exception):
    """What was given can't be read at all; the text says why, for the operator."""


def oma_flaw(text: str) -> str:
    """What is wrong with the address of an OMA, with or without a port."""
    try:
        target(text, port_allowed=True)
    except Fault:
        return f"{shown(text)} is neither an address nor a name. Type one such as 192.0.2.10 or oma.example.net."
    return ""


_ONE: dict[str, tuple[str, Flaw]] = {
    "host_name": ("a host name", host_name_flaw),
    "ipv4_address": ("an IPv4 address", partial(address_flaw, version=4)),
    "ipv4_gateway": ("an IPv4 gateway", partial(host_flaw, version=4)),
    "ipv6_address": ("an IPv6 address", partial(address_flaw, version=6)),
    "ipv6_gateway": ("an IPv6 gateway", partial(host_flaw, version=6)),
    "oma_address": ("an address of the OMA", oma_flaw),
}
_MANY: dict[str, tuple[str, Flaw, int]] = {
    "dns": ("a name server", server_flaw, DNS_MOST),
    "search_domains": ("a search domain", name_flaw, SEARCH_MOST),
    "ntp": ("a time server", ntp_flaw, NTP_MOST),
}


def provided(giver: Giver, given: Mapping[str, object]) -> Provided:
    """What can be used of `given`, by the names of Provided's fields; lists are lists of texts, or texts with commas or blanks between."""
    flaws = _unknown([key for key in given if key not in _ONE and key not in _MANY])
    found: dict[str, object] = {}
    for key, (noun, flaw) in _ONE.items():
        if wanted := _texts(given.get(key, ""), noun, flaw, 1, flaws, split=False):
            found[key] = wanted[0]
    for key, (noun, flaw, most) in _MANY.items():
        found[key] = _texts(given.get(key, []), noun, flaw, most, flaws, split=True)
    for family in ("ipv4", "ipv6"):
        if f"{family}_address" not in found and found.pop(f"{family}_gateway", "") and not given.get(f"{family}_address"):
            flaws.append(f"The deployment gave an {family.replace('ip', 'IP')} gateway without an address; it is left out.")
    return Provided.model_validate({**found, "giver": giver, "flaws": _told(flaws)})


def unusable(giver: Giver, why: str) -> Provided:
    """Nothing can be used, for this reason."""
    return Provided(giver=giver, flaws=[printable(why)])


def says_something(one: Provided) -> bool:
    """Whether there is anything to fill in or to tell."""
    return one != Provided(giver=one.giver)


def _texts(value: object, noun: str, flaw: Flaw, most: int, flaws: list[str], *, split: bool) -> list[str]:
    """The usable texts of a value; what is wrong with the others is added to `flaws`."""
    texts = re.split(r"[\s,;]+", value) if split and isinstance(value, str) else [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts) or (isinstance(value, list) and not split):
        flaws.append(f"The deployment gave {noun} that is no text.")
        return []
    filled = list(dict.fromkeys(one.strip() for one in texts if one.strip()))
    if len(filled) > most:
        flaws.append(f"The deployment gave {noun} more often than {most} times; the first {most} are taken.")
    good = []
    for one in filled[:most]:
        if wrong := _flaw(one, flaw):
            flaws.append(f"The deployment gave {noun} that can't be used: {wrong}")
        else:
            good.append(one)
    return good


def _flaw(text: str, flaw: Flaw) -> str:
    return flaw(text) if len(text) <= LONGEST else f"{shown(text)} has {len(text)} characters. At most {LONGEST} are taken."


def _unknown(keys: Sequence[str]) -> list[str]:
    """Only names are told: a value that belongs to something else may be a secret."""
    if not keys:
        return []
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    return [f"The deployment gave {', '.join(map(shown, keys[:MOST_NAMED]))}{more}, which this appliance does not know and leaves alone."]


def _told(flaws: Sequence[str]) -> list[str]:
    more = [f"And {len(flaws) - MOST_FLAWS} more like these."] if len(flaws) > MOST_FLAWS else []
    return [printable(one) for one in (*flaws[:MOST_FLAWS], *more)]
