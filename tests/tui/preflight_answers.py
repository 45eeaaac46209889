"""Looks before something is done, as an agent answers them."""

from __future__ import annotations

from appliance.contract.checks import Check, failed, passed, warned
from appliance.contract.preflight import Preflight

GOOD: list[Check] = [
    passed("state", "web01 is ready, and nothing else is under way for it."),
    passed("copy", "The copy is complete and unchanged."),
    passed("consistent-point", "The last consistent point is of 2026-11-20 02:44 UTC, 20 min ago."),
    passed("link", "The appliance vma1 at the source answers."),
    passed("source", "web01 was found in vCenter; it is switched on."),
    passed("networks", "Every adapter has a network: VM Network → isolated-test; Zürich <b> 🏔️ → isolated-test."),
    passed("quota-machines", "The account may use 12 more machines."),
    passed("preparation", "This guest brings the drivers of its new platform."),
]
KNOWN: list[Check] = [
    warned("verification", "The copy was never verified.", "Verify it, or let a sample be compared after each copy."),
    warned(
        "offering-size",
        "The new machine gets 1 CPU and 512 MiB; the source has 4 CPU and 8192 MiB.",
        "Choose a larger service offering, or one whose size can be chosen.",
    ),
]
WRONG: list[Check] = [
    failed("quota-snapshots", "The domain ROOT/web may use 1 more snapshots; 2 are needed.", "Ask the administrator to raise the limit."),
    failed("link", "The appliance vma1 at the source can't be reached.", "Check that it runs; it comes back by itself."),
]
READY, WITH_WARNINGS, FAILING = Preflight.of(GOOD), Preflight.of(KNOWN + GOOD), Preflight.of(WRONG + KNOWN + GOOD[:3] + GOOD[4:])
