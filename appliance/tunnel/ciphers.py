"""The cipher both ends of a data connection use: AES-GCM under TLS 1.3, whatever GnuTLS would choose by itself."""

from __future__ import annotations

import os
from pathlib import Path

_CIPHERS_OFF = (
    "CHACHA20-POLY1305",
    "AES-128-CCM",
    "AES-256-CCM",
    "AES-128-CCM-8",
    "AES-256-CCM-8",
    "AES-128-CBC",
    "AES-256-CBC",
    "CAMELLIA-128-GCM",
    "CAMELLIA-256-GCM",
    "CAMELLIA-128-CBC",
    "CAMELLIA-256-CBC",
    "3DES-CBC",
)
_VERSIONS_OFF = ("TLS1.0", "TLS1.1", "TLS1.2")

PRIORITY_VARIABLE = "GNUTLS_SYSTEM_PRIORITY_FILE"
"""The variable that names the file; GnuTLS reads it once, when a process loads the library."""


def render_priority_file() -> str:
    """The file's text (GnuTLS manual, "Disabling algorithms and protocols")."""
    lines = ["[overrides]"]
    lines += [f"disabled-version = {version}" for version in _VERSIONS_OFF]
    lines += [f"tls-disabled-cipher = {cipher}" for cipher in _CIPHERS_OFF]
    return "\n".join(lines) + "\n"


def write_priority_file(path: Path) -> dict[str, str]:
    """Write the file atomically; returns the environment that makes a new process use it."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(render_priority_file())
    draft.replace(path)
    return {PRIORITY_VARIABLE: str(path)}
