"""The secrets that lie in this appliance's folders, so that they can be found wherever else they got to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PATTERNS = ("*.key", "*_key", "*_key.pem", "*.token", "*.psk")
LARGEST = 64 * 1024


def known_secrets(*folders: Path) -> list[bytes]:
    """What the key, token and pre-shared-key files below these folders hold; reads files."""
    return [secret for folder in folders for pattern in PATTERNS for path in folder.rglob(pattern) for secret in _secrets(path)]


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
