"""What sshd says on its standard error, read."""

from __future__ import annotations

import re

LISTENS = re.compile(r"Server listening on ")
_ACCEPTED = re.compile(r"Accepted (publickey|password) for \S+ from (\S+) port \d+ ssh2(?:: \S+ (SHA256:\S+))?")

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


def login_in(line: str) -> str:
    """For the audit log: by what and from where somebody has logged in; empty when the line tells of nothing such."""
    found = _ACCEPTED.search(line)
    if found is None:
        return ""
    means, source, fingerprint = found.groups()
    return f"from {source} by {'the password' if means == 'password' else f'key {fingerprint}'}"
