"""Figures from times (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed. Raises ValueError without values."""
    if not values:
        raise ValueError("no value")
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def slowest(times: Mapping[str, Sequence[float]], share: float = 0.99) -> tuple[str, float]:
    """The route with the greatest percentile, and that. Raises ValueError without routes."""
    found = {name: percentile(values, share) for name, values in times.items()}
    name = max(found, key=lambda one: found[one])
    return name, found[name]
