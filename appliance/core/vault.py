"""Secrets sealed with AES-256-GCM, each bound to the row it belongs to; keys can be changed."""

from __future__ import annotations

import base64
import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.contract.errors import fault
from appliance.core import durable

UNREADABLE_SECRET = fault(
    "vault.unreadable",
    500,
    "A stored password or key can't be read with this appliance's key.",
    "Enter it again; if this appliance was restored from a back-up, restore its key file too.",
)

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Vault:
    """Seals with the newest key and opens with the key that a blob names.

    Each key is a file of 32 bytes, mode 0600, outside the database: the first at `key_path`, later ones beside it with a number.
    """

    def __init__(self, key_path: Path) -> None:
        self._first = key_path
        key_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for draft in key_path.parent.glob(f"{key_path.stem}*.new"):
            draft.unlink()
        if not self._files():
            _make_key(key_path)
        self._ciphers = {path.stem: AESGCM(path.read_bytes()) for path in self._files()}

    @property
    def key_id(self) -> str:
        """The key that seals now."""
        return max(self._ciphers, key=_number)

    @property
    def key_ids(self) -> set[str]:
        """Every key there is."""
        return set(self._ciphers)

    @property
    def next_key_id(self) -> str:
        """What the next key will be called."""
        return f"{self._first.stem}-{_number(self.key_id) + 1}"

    def key_made_at(self) -> datetime:
        """When the key that seals now was made; reads a file's times."""
        return datetime.fromtimestamp(self._path(self.key_id).stat().st_mtime, UTC)

    def add_key(self, key_id: str) -> None:
        """Make a key beside the others, unless it is there; from now on the newest one seals. Writes a file."""
        if not self._path(key_id).exists():
            _make_key(self._path(key_id))
        self._ciphers = {**self._ciphers, key_id: AESGCM(self._path(key_id).read_bytes())}

    def destroy_old_keys(self) -> None:
        """Overwrite and remove every key but the newest: what they sealed is lost. Writes files."""
        newest = self.key_id
        for path in self._files():
            if path.stem != newest:
                _destroy(path)
        self._ciphers = {newest: self._ciphers[newest]}

    def seal(self, secret: str, bound_to: str) -> str:
        """Seal `secret` for one row; `bound_to` names the row, e.g. `vmware_credentials/<id>`."""
        nonce = os.urandom(_NONCE_BYTES)
        blob = nonce + self._ciphers[self.key_id].encrypt(nonce, secret.encode(), bound_to.encode())
        return f"{self.key_id}:{base64.b64encode(blob).decode()}"

    def open(self, sealed: str, bound_to: str) -> str:
        """The secret again. Raises a Fault when key or row are not the ones it was sealed for."""
        key_id, _, encoded = sealed.partition(":")
        try:
            blob = base64.b64decode(encoded, validate=True)
            return self._ciphers[key_id].decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], bound_to.encode()).decode()
        except (KeyError, InvalidTag, ValueError) as error:
            raise UNREADABLE_SECRET(cause=f"{type(error).__name__} for {bound_to}") from error

    def _path(self, key_id: str) -> Path:
        return self._first.with_name(f"{key_id}{self._first.suffix}")

    def _files(self) -> list[Path]:
        ours = re.compile(rf"{re.escape(self._first.stem)}(-\d+)?")
        return [path for path in self._first.parent.glob(f"*{self._first.suffix}") if ours.fullmatch(path.stem)]


def _number(key_id: str) -> int:
    digits = re.search(r"-(\d+)$", key_id)
    return int(digits[1]) if digits else 0


def _make_key(path: Path) -> None:
    """A new key; the file is there whole or not at all, and never replaces another one."""
    draft = path.with_suffix(".new")
    with _private(draft) as descriptor:
        os.write(descriptor, os.urandom(_KEY_BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    durable.sync(path.parent)


def _destroy(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    with _synced(descriptor):
        os.write(descriptor, bytes(_KEY_BYTES))
    path.unlink()
    durable.sync(path.parent)


def _private(path: Path) -> contextlib.AbstractContextManager[int]:
    return _synced(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


@contextlib.contextmanager
def _synced(descriptor: int) -> Iterator[int]:
    """An open file: what was written is on disk after the block."""
    try:
        yield descriptor
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
