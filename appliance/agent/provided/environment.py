"""The environment document that vCenter hands to a deployed appliance (DMTF DSP0243, section "OVF Environment").

It is untrusted: a document type, the only place where entities are declared, is refused, so nothing is ever expanded or fetched.
"""

from __future__ import annotations

from xml.parsers import expat

from appliance.agent.provided.values import Unusable

LARGEST = 1 << 16
"""Bytes."""
_OE = "http://schemas.dmtf.org/ovf/environment/1"
_PROPERTY = [f"{_OE} {name}" for name in ("Environment", "PropertySection", "Property")]
"""Properties of this machine. Those of others deployed with it are inside of Entity elements."""


def read_environment(data: bytes) -> dict[str, object]:
    """The properties by their keys. Raises Unusable."""
    if len(data) > LARGEST:
        raise Unusable(f"What vCenter gave is larger than {LARGEST} bytes, and was not read.")
    found: dict[str, object] = {}
    path: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if path == _PROPERTY:
            found[attributes.get(f"{_OE} key", "")] = attributes.get(f"{_OE} value", "")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: path.pop()
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unusable(f"What vCenter gave can't be read: {str(error)[:100]}.") from error
    return found


def _refuse(*_: object) -> None:
    raise Unusable("What vCenter gave declares a document type, as no environment does, and was not read.")
