"""Secrets sealed with AES-256-GCM, each bound to the row it belongs to."""

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.contract.errors import fault

UNREADABLE_SECRET = fault(
    "vault.unreadable",
    500,
    "A stored password or key can't be read with this appliance's key.",
    "Enter it again; if this appliance was restored from a back-up, restore its key file too.",
)

_NONCE_BYTES = 12


class Vault:
    """Seals and opens secrets with a key file (32 bytes, mode 0600) that lives outside the database."""

    def __init__(self, key_path: Path) -> None:
        key_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not key_path.exists():
            _make_key(key_path)
        key = key_path.read_bytes()
        self._cipher = AESGCM(key)
        self._key_id = key_path.stem

    def seal(self, secret: str, bound_to: str) -> str:
        """Seal `secret` for one row; `bound_to` names the row, e.g. `vmware_credentials/<id>`."""
        nonce = os.urandom(_NONCE_BYTES)
        blob = nonce + self._cipher.encrypt(nonce, secret.encode(), bound_to.encode())
        return f"{self._key_id}:{base64.b64encode(blob).decode()}"

    def open(self, sealed: str, bound_to: str) -> str:
        """The secret again. Raises a Fault when key or row are not the ones it was sealed for."""
        try:
            blob = base64.b64decode(sealed.partition(":")[2], validate=True)
            return self._cipher.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], bound_to.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise UNREADABLE_SECRET(cause=f"{type(error).__name__} for {bound_to}") from error


def _make_key(path: Path) -> None:
    """A new key; the file is there whole or not at all, and never replaces another one."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(32))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
