"""What an operator reads must not hold: names of tools, places inside the appliance, secrets, American spelling."""

from __future__ import annotations

import re

TOOLS = re.compile(
    r"virt-v2v|virt-customize|virtio|guestfs|nbdkit|libnbd|\bnbd|qemu|\bsshd\b|ssh-keygen|openssh|asyncssh|systemd|networkctl|networkd|resolvectl"
    r"|resolved\.conf|journalctl|sqlite|mariadb|postgres|alembic|sqlalchemy|pyvmomi|pydantic|aiohttp|asyncio|\bpython|traceback|errno|uvloop"
    r"|\bloop devices?\b|losetup|nftables|iptables|iproute|pyroute|openssl|libcloud"
    r"|\bVDDK\b|\bSOAP\b|moref|vcsim|govc|udev|devtmpfs|sysfs|procfs",
    re.IGNORECASE,
)
PLACES = re.compile(r"(?<![\w.}])/(dev|etc|home|opt|proc|root|run|srv|sys|tmp|usr|var|lib|bin|sbin)\b|\.sock\b|\.(toml|py|db|json)\b")
ADDRESSES = re.compile(r"\b127\.\d|\blocalhost\b|(?<![\w:])::1\b|\b169\.254\.|\b10\.\d+\.\d+\.\d+\b|\b(8080|8081|8082|8090|10809)\b")
DOCUMENTED = re.compile(r"\bcloud\.example\.(org|net|com):8080\b")
"""CloudStack's own usual port, in an example of what to enter."""
SECRETS = re.compile(r"{[^}]*(passw|secret|token|psk|private|ticket|session_id|cookie|api_key)[^}]*}", re.IGNORECASE)
AMERICAN = re.compile(
    r"\b(?:un|re|de)?(?:initializ|synchroniz|organiz|recogniz|authoriz|finaliz|customiz|utiliz|minimiz|maximiz|normaliz|serializ|virtualiz|optimiz"
    r"|color|behavior|neighbor|favor|honor|gray|cancel(?:ed|ing)\b|label(?:ed|ing)\b|travel(?:ed|ing)\b|model(?:ed|ing)\b|catalog\b|center\b|analyz|fulfill\b)",
    re.IGNORECASE,
)
HEADER = re.compile(r"\bAuthorization header\b")
"""A header's name is spelt as the protocol spells it."""


def flaws(text: str) -> list[str]:
    """What an operator should not read in `text` (pure)."""
    shown = HEADER.sub("", DOCUMENTED.sub("", text))
    kinds = {"tool": TOOLS, "place inside": PLACES, "address inside": ADDRESSES, "secret": SECRETS, "American spelling": AMERICAN}
    return [f"{kind}: {found.group()}" for kind, pattern in kinds.items() for found in pattern.finditer(shown)]
