"""How the parts of an agent are, as its health check tells."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import text

from appliance.agent.health.clock import clock_probes
from appliance.agent.http.status import Probe
from appliance.contract import status
from appliance.core.store import Store

if TYPE_CHECKING:
    from appliance.agent.oma import Oma
    from appliance.agent.upgrade.trial import Trial


def oma_probes(oma: Oma, trial: Trial) -> dict[str, Probe]:
    """Every part of an OMA that the health check names."""
    return {
        "database": partial(probe_database, oma.store),
        "migrations": partial(probe_migrations, oma.store),
        "tunnel": partial(_tunnels, oma),
        "recovery": partial(_recovery, oma, trial),
        "health monitor": oma.monitor.health,
        "scheduler": oma.scheduler.health,
        "exports": partial(_exports, oma),
        **clock_probes(),
    }


async def _recovery(oma: Oma, trial: Trial) -> status.Part:
    """Schedules and the monitor wait for it: where it has ended, so have they."""
    return status.Part(state="failed", detail=trial.failure) if trial.failure else await oma.recovery.health()


async def probe_database(store: Store) -> status.Part:
    """Whether the store answers."""
    async with store.session() as session:
        await session.execute(text("SELECT 1"))
    return status.Part(state="ok")


async def probe_migrations(store: Store) -> status.Part:
    """Which revision the database is at; the store does not open at another one than the newest."""
    return status.Part(state="ok", detail=f"Revision {await store.revision()}.")


async def _tunnels(oma: Oma) -> status.Part:
    down = [one.peer_name for one in await oma.tunnels() if not one.up]
    return status.Part(state="degraded", detail=f"Not connected: {', '.join(down)}.") if down else status.Part(state="ok")


async def _exports(oma: Oma) -> status.Part:
    serving = oma.volumes.exports.is_serving
    return status.Part(state="ok") if serving else status.Part(state="degraded", detail="The exports for local checks are being started.")
