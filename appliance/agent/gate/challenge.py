"""The vendor's public key, challenges, and whether an answer is the vendor's."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from appliance.contract.vendor import NONCE_BYTES, Challenge

_log = logging.getLogger(__name__)


def read_vendor_key(path: Path) -> Ed25519PublicKey | None:
    """The vendor's public key (PEM); None when there is none that can be used."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        _log.error("the vendor's key in %s can't be read: %s", path, error)
        return None
    if not isinstance(key, Ed25519PublicKey):
        _log.error("the vendor's key in %s is not an Ed25519 key", path)
        return None
    return key


def new_challenge(appliance_id: str) -> Challenge:
    """A challenge that nobody can foresee."""
    return Challenge(appliance_id, secrets.token_bytes(NONCE_BYTES))


def is_vendors(key: Ed25519PublicKey, challenge: Challenge, signature: bytes) -> bool:
    """Whether the vendor has signed this challenge of this appliance."""
    try:
        key.verify(signature, challenge.message())
    except InvalidSignature:
        return False
    return True
