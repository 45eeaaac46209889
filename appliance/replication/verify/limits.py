"""What verification may cost."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
FULL, SAMPLED = "full", "sampled"
"""The two modes: every block, or a sample of each disk."""


@dataclass(frozen=True)
class VerifyLimits:
    """Set by the operator. A sample is `share` of a disk, but at most `most_bytes` and at least `least_blocks`.

    A block of 1 MiB: the longest read that every kind of source answers at once, the price of a repair, and 32 bytes of
    digest are next to nothing beside it.
    """

    sample_after_cycle: bool = True
    share: float = 0.01
    most_bytes: int = 64 * MIB
    least_blocks: int = 4
    block_bytes: int = MIB
