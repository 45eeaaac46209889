"""Passwords of people: what is asked of a new one, and argon2id, by which they are kept."""

from __future__ import annotations

import asyncio
import os
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from appliance.contract.errors import fault

SHORTEST = 10

PASSWORD_TOO_SHORT = fault(
    "password.too_short",
    422,
    "The new password is too short: it needs at least {shortest} characters.",
    "Choose a longer one; a few words that do not belong together are easy to remember.",
)

# RFC 9106, section 4, second recommended option (low memory): 64 MiB, three passes, four lanes, salt of 128 bits, tag of 256 bits.
_MEMORY_KIB, _PASSES, _LANES, _SALT_BYTES, _TAG_BYTES = 64 * 1024, 3, 4, 16, 32


def require_long_enough(password: str) -> None:
    """Raises a Fault (`password.too_short`) when a new password can't be taken."""
    if len(_normal(password)) < SHORTEST:
        raise PASSWORD_TOO_SHORT(shortest=SHORTEST)


async def hashed(password: str) -> str:
    """The password as it is kept: argon2id in the PHC string format."""
    return await asyncio.to_thread(_hash, password)


async def is_password(password: str, kept: str) -> bool:
    """Whether this is the password that is kept."""
    return await asyncio.to_thread(_verify, password, kept)


def _hash(password: str) -> str:
    kdf = Argon2id(salt=os.urandom(_SALT_BYTES), length=_TAG_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive_phc_encoded(_normal(password).encode())


def _verify(password: str, kept: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_normal(password).encode(), kept)
    except InvalidKey:
        return False
    return True


def _normal(password: str) -> str:
    """One form for what keyboards and terminals send in several (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFC", password)
