"""What is told, not acted on (pure): steps that do not move, peers that are not heard of or of another version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.agent.health.limits import HealthLimits
from appliance.agent.health.underway import UnderWay
from appliance.agent.health.verdicts import minutes_without_news
from appliance.core.releases import work_together


@dataclass(frozen=True)
class SeenPeer:
    """A paired peer, and when it last gave a sign."""

    name: str
    version: str
    last_seen: datetime | None


def stuck(jobs: Iterable[UnderWay], now: datetime, limits: HealthLimits) -> list[str]:
    """A sentence for each job that runs and has not moved for long; one that waits says itself what for."""
    found = []
    for job in jobs:
        minutes = minutes_without_news(job.heard_at, now, limits.stuck)
        if minutes is not None and not job.is_waiting:
            found.append(f"{job.title} has not moved for {minutes} minutes ({job.operation or job.status}).")
    return found


def unheard(peers: Iterable[SeenPeer], now: datetime, limits: HealthLimits) -> list[str]:
    """A sentence for each peer that has not been heard of for long, or never."""
    found = []
    for peer in peers:
        if peer.last_seen is None:
            found.append(f"{peer.name} has not been heard of since it was paired.")
        elif (minutes := minutes_without_news(peer.last_seen, now, limits.unheard)) is not None:
            found.append(f"{peer.name} has not been heard of for {minutes} minutes.")
    return found


def other_versions(peers: Iterable[SeenPeer], version: str) -> list[str]:
    """A sentence for each peer of another version than this appliance."""
    found = []
    for peer in peers:
        if peer.version not in ("", version):
            apart = "" if work_together(peer.version, version) else " They are too far apart: upgrade the older one."
            found.append(f"{peer.name} has version {peer.version}, this appliance {version}.{apart}")
    return found
