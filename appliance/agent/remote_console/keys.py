"""Public keys that may log in: what is taken of a pasted line, and how sshd reads it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.agent.remote_console.faults import KEY_KIND, KEY_LINES, KEY_OPTIONS, KEY_SHORT, KEY_UNREADABLE

SHORTEST_RSA, LONGEST_RSA = 2048, 16384
"""Bits; the upper one is the most that OpenSSH takes."""

_FIXED: dict[str, tuple[bytes | int, ...]] = {
    "ssh-ed25519": (32,),
    "sk-ssh-ed25519@openssh.com": (32, -1),
    "ecdsa-sha2-nistp256": (b"nistp256", 65),
    "ecdsa-sha2-nistp384": (b"nistp384", 97),
    "ecdsa-sha2-nistp521": (b"nistp521", 133),
    "sk-ecdsa-sha2-nistp256@openssh.com": (b"nistp256", 65, -1),
}
"""What follows the kind in a key: these very bytes, or so many bytes (-1: any number).

RFC 8709, section 4; RFC 5656, section 3.1; OpenSSH's PROTOCOL.u2f.
"""
KINDS = frozenset({*_FIXED, "ssh-rsa"})


@dataclass(frozen=True)
class PublicKey:
    """A key as it is kept: its kind, its content in base64, and whose it is."""

    kind: str
    content: str
    comment: str

    @property
    def line(self) -> str:
        """The key as a person knows it."""
        return f"{self.kind} {self.content} {self.comment}".rstrip()

    @property
    def fingerprint(self) -> str:
        """As SSH programs show it."""
        digest = base64.b64encode(hashlib.sha256(base64.b64decode(self.content)).digest()).decode().rstrip("=")
        return f"SHA256:{digest}"


def public_keys(lines: Sequence[str]) -> list[PublicKey]:
    """The keys of these lines, each once.

    Raises a Fault that names the line: `remote_console.key_lines`, `.key_options`, `.key_kind`, `.key_short`, `.key_unreadable`.
    """
    found: dict[str, PublicKey] = {}
    for number, line in enumerate(lines, 1):
        one = public_key(line, number)
        found.setdefault(one.content, one)
    return list(found.values())


def authorized_keys(keys: Sequence[PublicKey]) -> str:
    """The file for sshd: every key with all that OpenSSH can take away taken away, but the terminal (sshd(8), authorized_keys)."""
    return "".join(f"restrict,pty {one.line}\n" for one in keys)


def public_key(line: str, number: int = 1) -> PublicKey:
    """One line of an `authorized_keys` file without options; `number` is how a Fault names it."""
    line = line.strip()
    if len(line.splitlines()) > 1:
        raise KEY_LINES(number=number)
    words = line.split(maxsplit=2)
    if len(words) < 2:
        raise KEY_UNREADABLE(number=number)
    kind, content, comment = words[0], words[1], "".join(words[2:])
    if kind not in KINDS:
        raise _refusal(line, number)
    _check(kind, content, number)
    return PublicKey(kind, content, "".join(one for one in comment if one.isprintable()).strip())


def _refusal(line: str, number: int) -> Exception:
    """Why a line that does not begin with a kind that is taken is refused."""
    first, *rest = line.split()
    if any(word in KINDS for word in rest):
        return KEY_OPTIONS(number=number)
    if first.startswith(("ssh-", "ecdsa-", "sk-")) and first.isascii() and first.isprintable():
        return KEY_KIND(number=number, kind=first[:60])
    return KEY_UNREADABLE(number=number)


def _check(kind: str, content: str, number: int) -> None:
    """That the content is a whole key of this kind, and long enough."""
    parts = _parts(content)
    if not parts or parts[0] != kind.encode():
        raise KEY_UNREADABLE(number=number)
    if kind == "ssh-rsa":
        _check_rsa(parts[1:], number)
    elif not _is_like(parts[1:], _FIXED[kind]):
        raise KEY_UNREADABLE(number=number)


def _check_rsa(parts: list[bytes], number: int) -> None:
    """Exponent and modulus, RFC 4253, section 6.6."""
    if len(parts) != 2:
        raise KEY_UNREADABLE(number=number)
    exponent, modulus = (int.from_bytes(part, signed=True) for part in parts)
    bits = modulus.bit_length()
    if exponent < 3 or exponent % 2 == 0 or modulus % 2 == 0 or modulus < 0:
        raise KEY_UNREADABLE(number=number)
    if not SHORTEST_RSA <= bits <= LONGEST_RSA:
        raise KEY_SHORT(number=number, bits=bits)


def _is_like(parts: list[bytes], form: tuple[bytes | int, ...]) -> bool:
    return len(parts) == len(form) and all(
        want in (-1, len(part)) if isinstance(want, int) else want == part for part, want in zip(parts, form, strict=True)
    )


def _parts(content: str) -> list[bytes]:
    """The strings that a key consists of (RFC 4251, section 5); none when it does not consist of whole ones."""
    try:
        left = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return []
    found = []
    while left:
        length = int.from_bytes(left[:4])
        if len(left) < 4 + length:
            return []
        found.append(left[4 : 4 + length])
        left = left[4 + length :]
    return found
