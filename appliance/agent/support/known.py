"""The secrets that lie in this appliance's folders and its configuration, so that they can be found wherever else they got to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

PATTERNS = ("*.key", "*_key", "*_key.pem", "*.token", "*.psk")
LARGEST = 64 * 1024
_ACCOUNT = re.compile(r"(?<=://)(?P<name>[^:/@]*):(?P<password>.+)@")
"""Name and password in an address, which a password may hold unescaped too: up to the last of its signs."""


def known_secrets(*folders: Path) -> list[bytes]:
    """What the key, token and pre-shared-key files below these folders hold; reads files."""
    return [secret for folder in folders for pattern in PATTERNS for path in folder.rglob(pattern) for secret in _secrets(path)]


def database_secrets(address: str) -> list[bytes]:
    """The password in a database's address, as it is written there and as it is (RFC 3986, section 2.1)."""
    found = _ACCOUNT.search(address)
    if found is None:
        return []
    written = found["password"]
    # With what stands around it, it is long enough to be looked for even where it is short itself.
    return [one.encode() for one in (written, unquote(written), f"{found['name']}:{written}@")]


def without_password(address: str) -> str:
    """A database's address as it may be shown."""
    return _ACCOUNT.sub(r"\g<name>:***@", address)


def _secrets(path: Path) -> Iterator[bytes]:
    try:
        content = path.read_bytes()[:LARGEST] if path.is_file() else b""
    except OSError:
        return
    yield content
    for line in content.splitlines():
        # Of a private key every line of its body counts; of `identity:key` what follows the identity.
        if not line.startswith(b"-----"):
            yield line.strip()
            yield line.rpartition(b":")[2].strip()
