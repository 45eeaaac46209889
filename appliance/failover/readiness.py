"""Whether the copy of a VM may be started (pure)."""

from __future__ import annotations

from appliance.failover.faults import DIVERGED, IN_DOUBT, NEVER_SYNCHRONISED, TORN


def refuse_unusable(case_name: str, *, synchronised: bool, torn: bool, diverged: bool, in_doubt: bool = False) -> None:
    """Raise the Fault that says why the copy must not be started."""
    if torn and in_doubt:
        raise IN_DOUBT(name=case_name)
    if torn:
        raise TORN(name=case_name)
    if diverged:
        raise DIVERGED(name=case_name)
    if not synchronised:
        raise NEVER_SYNCHRONISED(name=case_name)
