"""What both appliances agree on: protocol versions and the logical paths inside the tunnel."""

from __future__ import annotations

import re
from collections.abc import Sequence

VERSIONS = (1,)
"""Protocol versions that this release speaks; a release speaks its own and the one before."""

HELLO_PATH = "/hello"
PEER_API_PATH = "/peer-api"
REVERSE_PATH = "/reverse"
DATA_PREFIX = "/data/"

_PEER_ID = re.compile(r"(vma|oma)-[0-9a-f]{16}")


def agree(theirs: Sequence[int], ours: Sequence[int] = VERSIONS) -> int | None:
    """The newest protocol version both sides speak, None when there is none."""
    return max(set(ours) & set(theirs), default=None)


def is_peer_id(text: str) -> bool:
    """Whether the text is an appliance id (which makes it safe as a folder name, too)."""
    return _PEER_ID.fullmatch(text) is not None


def versions_of(value: object) -> list[int]:
    """The versions a peer says it speaks; anything that is no list of numbers counts as none."""
    return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []
