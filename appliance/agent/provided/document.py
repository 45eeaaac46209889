"""User data for an appliance: TOML below a first line that says so. Whatever else user data may be, it is meant for others."""

from __future__ import annotations

import codecs
import tomllib

from appliance.agent.provided.values import Unusable

FIRST_LINE = b"#appliance"
LARGEST = 4096
"""Bytes. All values together need less; of much more, a hostile document costs its reader seconds (names of thousands of parts)."""


def is_for_appliance(data: bytes) -> bool:
    """Whether the first line says that the appliance is meant."""
    lines = data.removeprefix(codecs.BOM_UTF8)[:256].splitlines()
    return bool(lines) and lines[0].rstrip() == FIRST_LINE


def read_document(data: bytes) -> dict[str, object]:
    """What the document gives. Raises Unusable."""
    if len(data) > LARGEST:
        raise Unusable(f"The user data for this appliance is larger than {LARGEST} bytes, and was not read.")
    try:
        return tomllib.loads(data.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        raise Unusable("The user data for this appliance is no text in UTF-8, and can't be used.") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"The user data for this appliance can't be read: {str(error)[:100]}.") from error
