"""CloudStack's answers: reading typed values out of them, and sorting its refusals (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.cloudstack.faults import CAPACITY, JOB_FAILED, KEYS_REFUSED, NOT_THERE, QUOTA, REFUSED
from appliance.contract.errors import FaultSpec

Row = Mapping[str, object]

# ApiErrorCode of the CloudStack API: 401 unauthorised, 432 no such command for this user, 530 internal, 531 account, 532 resource limit,
# 533 insufficient capacity, 534 unavailable, 535 resource allocation.
_BY_CODE = {401: KEYS_REFUSED, 432: KEYS_REFUSED, 531: KEYS_REFUSED, 532: QUOTA, 533: CAPACITY, 534: CAPACITY}
_LIMIT_WORDS = ("maximum number of resources", "maximum amount of resources", "resource limit", "limit exceeded", "exceeds the limit")
_ROOM_WORDS = ("insufficient capacity", "insufficientcapacity", "not enough capacity", "find storage pool", "suitable storage pool")
_GONE_WORDS = ("does not exist", "unable to find", "couldn't find", "could not find", "not found")


def refusal(code: int, text: str, *, of_job: bool = False) -> FaultSpec:
    """Which kind of error an errorcode with its text is; `of_job` when it came as the result of an asynchronous job."""
    lowered = text.lower()
    if any(words in lowered for words in _LIMIT_WORDS):
        return QUOTA
    if any(words in lowered for words in _ROOM_WORDS):
        return CAPACITY
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code == 535:
        return QUOTA
    if code in (404, 431) and any(words in lowered for words in _GONE_WORDS):
        return NOT_THERE
    return JOB_FAILED if of_job else REFUSED


def text(row: Row, key: str) -> str:
    """A field as text; empty when it is missing."""
    value = row.get(key)
    return "" if value is None else str(value)


def number(row: Row, key: str) -> int | None:
    """A field as a whole number; None when it is missing or no number (CloudStack says `Unlimited`)."""
    value = row.get(key)
    try:
        return None if value is None else int(str(value))
    except ValueError:
        return None


def flag(row: Row, key: str) -> bool:
    """A field as a truth value; false when it is missing."""
    return str(row.get(key, "")).lower() == "true"


def rows(row: Row, key: str) -> list[Row]:
    """A field as a list of objects; empty when it is missing."""
    value = row.get(key)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
