"""When the health monitor looks, and what it takes for silence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HealthLimits:
    """All in seconds, but for `asked_at_once`. None of them ends anything: they say when a question is asked or something is told."""

    interval: float = 120.0
    """Between two looks."""
    silent: float = 30.0
    """Without news of a job until its far side is asked."""
    stuck: float = 3600.0
    """Without news of a step until that is told."""
    unheard: float = 600.0
    """Without a word from a peer until that is told."""
    answer: float = 10.0
    """That a peer has for its answer."""
    asked_at_once: int = 16
