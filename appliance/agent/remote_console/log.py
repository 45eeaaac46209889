"""What sshd says on its standard error, read."""

from __future__ import annotations

import re
from dataclasses import dataclass

LISTENS = re.compile(r"Server listening on ")
_LOGIN = re.compile(
    r"^(?P<result>Accepted|Failed) (?P<means>publickey|password) for \S+ from (?P<source>\S+) port \d+ ssh2"
    r"(?:: \S+ (?P<print>SHA256:\S+))?$"
)
"""Accounts that may not log in at all are called `invalid user …` there, and do not match."""

_PROBLEMS = (
    (
        re.compile(r"Bind to port \d+ .*in use"),
        "Port {port} is taken by another service of this machine. Turn that one off; the console over SSH comes up by itself then.",
    ),
    (
        re.compile(r"Bind to port \d+ .*assign requested address"),
        "This machine does not have the address that the console over SSH listens on. Check the network settings.",
    ),
    (
        re.compile(r"account is locked"),
        "The account for logins over SSH is locked. Set the console's password again, which unlocks it.",
    ),
    (
        re.compile(r"no hostkeys available|[Uu]nable to load host key"),
        "The key by which the console over SSH is known can't be read. Send the support bundle to the vendor.",
    ),
    (
        re.compile(r"not allowed because shell"),
        "The account for logins over SSH can't start programs. Send the support bundle to the vendor.",
    ),
)
ENDED = "It ended by itself and is started again after a pause. If this stays so, send the support bundle to the vendor."


def problem_in(line: str, port: int) -> str:
    """What an operator is to know of a line; empty when nothing."""
    return next((text.format(port=port) for pattern, text in _PROBLEMS if pattern.search(line)), "")


@dataclass(frozen=True)
class Login:
    """Somebody has logged in, or was refused for a wrong password."""

    by_password: bool
    accepted: bool
    detail: str


def login_in(line: str) -> Login | None:
    """Who logged in, or tried a password; a key that is not known is no try, as clients offer all they have."""
    found = _LOGIN.search(line)
    if found is None:
        return None
    accepted, by_password = found["result"] == "Accepted", found["means"] == "password"
    if not (accepted or by_password):
        return None
    means = "password" if by_password else f"key {found['print']}"
    return Login(by_password, accepted, f"from {found['source']} by {means}")


TOO_MANY_TRIES = "There were too many wrong passwords over SSH: none is taken for {wait}. Keys still open it."
