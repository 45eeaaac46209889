"""What a look before can end with, in the operator's words."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.contract.checks import Check, CheckState
from appliance.contract.errors import fault

NOT_READY = fault("preflight.failed", 409, "{what} of {name} can't be started. {reasons}", "{guidance} Then look again.")
TOO_SLOW = fault(
    "preflight.too_slow",
    504,
    "{who} did not answer within {seconds} seconds.",
    "Look again; if it stays slow, find out what keeps it busy.",
)


def refuse_failed(name: str, what: str, checks: Sequence[Check]) -> None:
    """Raise the Fault that names every failed check and what to do about it; warnings do not stop anything."""
    bad = [one for one in checks if one.state is CheckState.FAIL]
    if bad:
        raise NOT_READY(
            name=name,
            what=what,
            reasons=" ".join(one.sentence for one in bad),
            guidance=" ".join(dict.fromkeys(one.guidance for one in bad)),
            checks=", ".join(one.name for one in bad),
        )
