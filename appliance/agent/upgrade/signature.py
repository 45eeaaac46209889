"""Signatures in OpenSSH's format (PROTOCOL.sshsig), so that `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` reads them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NAMESPACE = "upgrade@migration-appliance"
"""What a signature is for: one that the vendor made for something else is worth nothing here."""

_MAGIC, _KIND, _HASHES = b"SSHSIG", b"ssh-ed25519", {b"sha512": hashlib.sha512, b"sha256": hashlib.sha256}
_ARMOUR = re.compile(rb"-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+?)-----END SSH SIGNATURE-----\s*")
_WIDTH = 70


def is_signed(key: Ed25519PublicKey, message: bytes, armoured: bytes, namespace: str = NAMESPACE) -> bool:
    """Whether this key has signed the message for this purpose."""
    try:
        hashed, signature = _read(armoured, namespace)
        key.verify(signature, _signed(namespace, hashed, message))
    except (ValueError, struct.error, binascii.Error, InvalidSignature):
        return False
    return True


def sign(key: Ed25519PrivateKey, message: bytes, namespace: str = NAMESPACE) -> bytes:
    """A signature as `ssh-keygen -Y sign` makes it."""
    public = _string(_KIND) + _string(key.public_key().public_bytes_raw())
    signature = _string(_KIND) + _string(key.sign(_signed(namespace, b"sha512", message)))
    blob = _MAGIC + struct.pack("!I", 1) + b"".join(map(_string, (public, namespace.encode(), b"", b"sha512", signature)))
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()


def _read(armoured: bytes, namespace: str) -> tuple[bytes, bytes]:
    """The name of the hash, and the signature itself. Raises ValueError, struct.error or binascii.Error for what is none."""
    found = _ARMOUR.fullmatch(armoured)
    if found is None:
        raise ValueError("no signature")
    blob = base64.b64decode(b"".join(found[1].split()), validate=True)
    if blob[:10] != _MAGIC + struct.pack("!I", 1):
        raise ValueError("another version")
    _, purpose, _, hashed, signature = _strings(blob[10:], 5)
    kind, raw = _strings(signature, 2)
    if purpose != namespace.encode() or hashed not in _HASHES or kind != _KIND:
        raise ValueError("a signature for something else")
    return hashed, raw


def _signed(namespace: str, hashed: bytes, message: bytes) -> bytes:
    """What is signed in place of the message."""
    return _MAGIC + b"".join(map(_string, (namespace.encode(), b"", hashed, _HASHES[hashed](message).digest())))


def _string(content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + content


def _strings(blob: bytes, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        (length,) = struct.unpack_from("!I", blob)
        if len(blob) < 4 + length:
            raise ValueError("cut off")
        found.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    if blob:
        raise ValueError("more than a signature")
    return found
