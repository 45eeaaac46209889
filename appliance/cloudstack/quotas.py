"""What is left of the limits of an account, and of the domains above it (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.cloudstack.answers import Row, number, rows, text

UNLIMITED = math.inf
# Resource.ResourceType of listResourceLimits, and how listAccounts and listDomains name the same thing; storage in GiB, memory in MiB.
RESOURCES = {"machines": ("0", "vm"), "volumes": ("2", "volume"), "snapshots": ("3", "snapshot")}
RESOURCES |= {"processors": ("8", "cpu"), "memory": ("9", "memory")}
RESOURCES |= {"primary storage": ("10", "primarystorage"), "secondary storage": ("11", "secondarystorage")}


@dataclass(frozen=True)
class DomainQuota:
    """What a domain has left of each resource that it tells about; UNLIMITED where there is no limit."""

    name: str
    left: dict[str, float] = field(default_factory=dict)


def own_account(accounts: Sequence[Row], api_key: str) -> Row:
    """The account whose keys these are; an administrator may be shown several."""
    if len(accounts) == 1:
        return accounts[0]
    return next((one for one in accounts if any(text(user, "apikey") == api_key for user in rows(one, "user"))), {})


def account_left(limits: Sequence[Row], account: Row) -> dict[str, float]:
    """What an account has left, by its limits and by what it says of its use."""
    limit_of = {text(row, "resourcetype"): number(row, "max") for row in limits}
    return _told({what: _left(limit_of.get(kind), account, noun) for what, (kind, noun) in RESOURCES.items()})


def domain_quota(domain: Row) -> DomainQuota:
    """What a domain has left: its limits count for all accounts in it and below it, whatever theirs are."""
    name = text(domain, "path") or text(domain, "name")
    return DomainQuota(name, _told({what: _left(None, domain, noun) for what, (_, noun) in RESOURCES.items()}))


def _told(left: dict[str, float | None]) -> dict[str, float]:
    return {what: value for what, value in left.items() if value is not None}


def _left(limit: int | None, owner: Row, noun: str) -> float | None:
    """What is left of one resource; None when neither limits nor use are told, or not in numbers."""
    available = text(owner, f"{noun}available")
    limit = number(owner, f"{noun}limit") if limit is None else limit
    if available == "Unlimited" or (limit is not None and limit < 0):
        return UNLIMITED
    for words in (available, _difference(limit, text(owner, f"{noun}total"))):
        try:
            return max(0.0, float(words))
        except ValueError:
            continue
    return None


def _difference(limit: int | None, total: str) -> str:
    try:
        return "" if limit is None else str(limit - math.ceil(float(total)))
    except (ValueError, OverflowError):
        return ""
