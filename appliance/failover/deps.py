"""What failovers need of the rest of the appliance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import Configs
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.failover.preparation import Preparer
from appliance.preflight.copy import OLD
from appliance.preflight.facts import LinkOf, unknown_link
from appliance.preflight.gather import PATIENCE
from appliance.replication.source import Sources
from appliance.volumes.facade import Volumes

EndSessions = Callable[[Sequence[str]], Awaitable[None]]
RestorePoint = Callable[[AsyncSession, str, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Pace:
    """Seconds between two tries of the far side, how often an undo tries, and seconds in which the far side answers to a look before."""

    retry_seconds: float = 5.0
    undo_tries: int = 5
    answer_seconds: float = PATIENCE


@dataclass(eq=False)
class FailoverDeps:
    """`end_sessions` flushes and ends the data sessions of volumes; `restore_point` puts a context's change ids back;
    `test_network_id` is the isolated network that tests use when nothing else is said; `link` tells how the tunnel to a peer is;
    from the age `old_copy` on a consistent point is warned of."""

    store: Store
    runner: Runner
    volumes: Volumes
    clouds: Clouds
    configs: Configs
    source: Sources
    end_sessions: EndSessions
    restore_point: RestorePoint
    preparer: Preparer
    test_network_id: str = ""
    old_copy: timedelta = OLD
    link: LinkOf = unknown_link
    pace: Pace = field(default_factory=Pace)
