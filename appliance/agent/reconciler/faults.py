"""What can go wrong with a reconciliation, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

RUNS_ALREADY = fault(
    "reconciliation.runs_already",
    409,
    "The records are being compared already.",
    "Wait until that has ended, or cancel it; then ask again.",
)
CLEANUP_FAILED = fault(
    "reconciliation.cleanup_failed",
    502,
    "The cleanup of {name} did not finish: {reason}",
    "Look at its job, correct what it names, and clean up once more.",
)
