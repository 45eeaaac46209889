"""Whether the copy of a VM may be started (pure)."""

from __future__ import annotations

from appliance.contexts import VmContext, doubts
from appliance.failover.faults import DIVERGED, IN_DOUBT, NEVER_SYNCHRONISED, TORN


def refuse_unusable(context: VmContext, *, heed_divergence: bool = True) -> None:
    """Raise the Fault that says why the copy must not be started."""
    name = context.vm_name
    if context.torn_since is not None:
        raise (IN_DOUBT if doubts.of(context) is doubts.Doubt.WHOLE else TORN)(name=name)
    if heed_divergence and context.diverged_since is not None:
        raise DIVERGED(name=name)
    if context.consistent_point is None:
        raise NEVER_SYNCHRONISED(name=name)
