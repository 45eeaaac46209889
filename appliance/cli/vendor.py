"""`appliance vendor`: the vendor's side of the shell gate. It runs where the private key is, never on an appliance."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from appliance.contract.vendor import Challenge, Incomplete, Mistyped, Unreadable, answer_text


class Refused(Exception):
    """The command can't be done; the text says why."""


def main(words: Sequence[str]) -> int:
    """Exit codes: 0 done, 1 refused, 2 wrong usage."""
    return run(_parser().parse_args(words))


def _parser() -> argparse.ArgumentParser:
    vendor = argparse.ArgumentParser(prog="appliance vendor", description="The vendor's side of the shell gate.")
    actions = vendor.add_subparsers(dest="action", required=True)
    keygen = actions.add_parser("keygen", help="make the vendor's key pair: FILE is secret, FILE.pub goes into the images")
    keygen.add_argument("--out", type=Path, required=True, metavar="FILE")
    sign = actions.add_parser("sign", help="answer a challenge that an appliance shows")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="the vendor's private key")
    sign.add_argument("challenge", nargs="*", metavar="CHALLENGE", help="its eight groups; without them, standard input is read")
    for action in (keygen, sign):
        action.add_argument("--passphrase-file", type=Path, metavar="FILE", help="a file whose first line protects the private key")
    return vendor


def run(arguments: argparse.Namespace) -> int:
    """Exit codes: 0 done, 1 refused."""
    try:
        if arguments.action == "keygen":
            _keygen(arguments.out, _passphrase(arguments.passphrase_file))
        else:
            text = " ".join(arguments.challenge) or sys.stdin.read()
            _sign(arguments.key, _passphrase(arguments.passphrase_file), text)
    except (Refused, OSError) as problem:
        print(_sentence(problem), file=sys.stderr)
        return 1
    return 0


def _keygen(path: Path, passphrase: bytes | None) -> None:
    public = path.with_name(f"{path.name}.pub")
    if public.exists():
        raise Refused(f"{public} is there already; nothing was written.")
    key = Ed25519PrivateKey.generate()
    protection: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection), 0o600)
    _write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    print(f"{path} is the private key: keep it where nobody else reads it.\n{public} goes into the images.", file=sys.stderr)


def _sign(path: Path, passphrase: bytes | None, text: str) -> None:
    challenge = _challenge(text)
    key = _private_key(path, passphrase)
    role = challenge.appliance_id.partition("-")[0].upper()
    print(
        f"Answer for the {role} {challenge.appliance_id}. Be sure that it is the one you were called about; how old the challenge is\n"
        "can't be seen here: it is taken for 15 minutes after it was shown, once, and by that appliance alone.",
        file=sys.stderr,
        flush=True,
    )
    print(answer_text(key.sign(challenge.message())))


def _challenge(text: str) -> Challenge:
    try:
        return Challenge.read(text)
    except Mistyped as problem:
        raise Refused(f"Group {problem.part} of the challenge has a typing mistake.") from problem
    except Incomplete as problem:
        raise Refused(f"A challenge has {problem.expected} letters and digits in eight groups; these are {problem.found}.") from problem
    except Unreadable as problem:
        raise Refused(f"This is {problem}; a newer command may answer it.") from problem


def _private_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise Refused(f"{path} can't be read as a private key: {problem}.") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(f"{path} is not an Ed25519 key.")
    return key


def _passphrase(path: Path | None) -> bytes | None:
    if path is None:
        return None
    return path.read_bytes().partition(b"\n")[0] or None


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that must not be there yet; nobody else can read it in between."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sentence(problem: Exception) -> str:
    if isinstance(problem, FileExistsError):
        return f"{problem.filename} is there already; nothing was written."
    return f"{problem.filename}: {problem.strerror}." if isinstance(problem, OSError) else str(problem)
