"""Who may do what: the three roles of an API token, and the one that a route asks for."""

from __future__ import annotations

from enum import StrEnum

ROOT = "/api/v1/"


class Role(StrEnum):
    """`viewer` looks, `operator` runs VMs, jobs and schedules, `admin` also changes what the appliance itself rests on.

    Each may do what those before it may.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where `needed` is asked for."""
        return _ORDER.index(self) >= _ORDER.index(needed)


_ORDER = tuple(Role)

ADMIN_AREAS = frozenset(
    (
        "backups",
        "database",
        "network",
        "ossea",
        "pairing",
        "peers",
        "power",
        "remote-console",
        "restore",
        "settings",
        "setup",
        "shell-gate",
        "tokens",
        "vault",
        "vmware-credentials",
    )
)
"""First words of the paths below `/api/v1` where every change is an administrator's: logins, keys, what the appliance itself rests on."""

CLOSED_AREAS = frozenset(("backups", "tokens"))
"""Areas that only an administrator may even look at."""


def needed(method: str, path: str, changes: bool) -> Role:
    """The role that a route asks for where its declaration names none (pure)."""
    area = path.removeprefix(ROOT).partition("/")[0]
    if area in CLOSED_AREAS:
        return Role.ADMIN
    if changes:
        return Role.ADMIN if area in ADMIN_AREAS else Role.OPERATOR
    # What only asks, but asks others in the appliance's name, is not for who may only look.
    return Role.OPERATOR if method != "GET" and (area in ADMIN_AREAS or area == "logs") else Role.VIEWER
