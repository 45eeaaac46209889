"""What an OMA costs that runs a fleet: its lists, its scheduler, its start with unfinished jobs, its memory, 50 copies at once."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from appliance.contract import status
from appliance.contract.client import client
from appliance.core.store import Store, new_id, utcnow
from appliance.schedules.scheduler import Scheduler
from bench.fleet import Fleet, context_id, job_id
from bench.oma import Oma, prepared, probed
from bench.scenarios import Ground
from bench.timing import percentile, slowest
from tests.e2e.world import MIB, World, noise, storage_vm, world

ROUNDS = 100
TICKS = 300
FILLED = Fleet()
MIDDLE = FILLED.jobs // 2
LISTS = (
    "/api/v1/jobs",
    "/api/v1/jobs?limit=50",
    f"/api/v1/jobs?limit=50&before={job_id(MIDDLE)}",
    "/api/v1/jobs?active=true",
    "/api/v1/jobs?active=false&limit=50",
    "/api/v1/jobs?kind=replication&limit=50",
    "/api/v1/jobs?status=failed&limit=50",
    "/api/v1/jobs?text=web0007&limit=50",
    f"/api/v1/jobs?vm={context_id(7)}",
    f"/api/v1/jobs/{job_id(MIDDLE)}",
    f"/api/v1/jobs/{job_id(MIDDLE)}/log",
    "/api/v1/vm-contexts",
    f"/api/v1/vm-contexts/{context_id(7)}",
    "/api/v1/vm-contexts/web0007",
    f"/api/v1/vm-contexts/{context_id(7)}/cycles",
    "/api/v1/schedules",
    "/api/v1/schedules?enabled=true",
    "/api/v1/schedules?group_id=group-0001",
    "/api/v1/machine-groups",
    "/api/v1/machine-groups/group-0001/members",
    "/api/v1/schedule-executions",
    f"/api/v1/schedule-executions?vm={context_id(7)}",
    "/api/v1/schedule-executions?schedule_id=schedule-0007",
    "/api/v1/audit",
    "/api/v1/volumes",
    "/api/v1/volume-operations",
    "/api/v1/peers",
    "/api/v1/status",
)
BUSY_LISTS = ("/api/v1/jobs?limit=50", "/api/v1/jobs?active=true", "/api/v1/vm-contexts", "/api/v1/schedules", "/api/v1/audit")
COPIES, COPY_SIZE = 50, 4 * MIB
OTHER_MACHINES = 10
"""The niceness of what runs on other machines in real life: the appliance at the source, both clouds, the copying processes."""


async def control_plane(ground: Ground) -> dict[str, object]:
    """The object `control_plane` of bench.json."""
    found: dict[str, object] = {}
    for measure in (_lists, _ticks, _recovery, _copies):
        with tempfile.TemporaryDirectory(prefix="oma-", dir=ground.folder) as folder:
            found |= await measure(Path(folder))
    return {**found, "rss_mib": max(float(str(found.pop(name))) for name in ("lists_rss_mib", "recovery_rss_mib", "busy_rss_mib"))}


async def _lists(folder: Path) -> dict[str, object]:
    async with prepared(folder, folder / "run", FILLED) as oma:
        await oma.agent.start()
        await _recovered(oma)
        await probed(oma.agent, 3, LISTS)
        times = await probed(oma.agent, ROUNDS, LISTS)
        route, worst = slowest(times)
        return {
            "list_p99_ms": round(worst, 1),
            "list_slowest": route,
            "list_median_ms": round(percentile([one for each in times.values() for one in each], 0.5), 1),
            "lists_p99_ms": {name: round(percentile(each, 0.99), 1) for name, each in times.items()},
            "lists_rss_mib": round(oma.peak_mib(), 1),
        }


async def _ticks(folder: Path) -> dict[str, object]:
    """The scheduler over the same records, on a clock of its own that runs ten times as fast: schedules come due all the time."""
    async with prepared(folder, folder / "run", FILLED) as oma:
        store = await Store.open(oma.database)
        at = utcnow() + timedelta(hours=3)
        scheduler = Scheduler(store, _started, lambda _: True, lambda: at)
        times = []
        for _ in range(TICKS):
            times.append(await _timed(scheduler))
            at += timedelta(seconds=10)
        at += timedelta(hours=12)
        all_due = await _timed(scheduler)
        await store.close()
        return {"tick_ms": round(percentile(times, 0.99), 1), "tick_all_due_ms": round(all_due, 1)}


async def _started(context_id: str, /, *, quiesce: bool, job_id: str, verify: str | None = None) -> str:
    return new_id("job")


async def _timed(scheduler: Scheduler) -> float:
    began = time.perf_counter()
    await scheduler.tick()
    took = (time.perf_counter() - began) * 1000
    await scheduler.started()  # so that every look has the whole of its work to do
    return took


async def _recovery(folder: Path) -> dict[str, object]:
    """From the start of the process to the answer that every unfinished job was taken up, and until the last of them is shown to wait."""
    fleet = Fleet(unfinished=500)
    async with prepared(folder, folder / "run", fleet) as oma:
        began = time.monotonic()
        await oma.agent.start()
        answers = time.monotonic() - began
        await _recovered(oma)
        recovered = time.monotonic() - began
        while await _waiting(oma) < fleet.unfinished:  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.5)
        return {
            "start_s": round(answers, 2),
            "recover_500_s": round(recovered, 2),
            "recover_500_shown_s": round(time.monotonic() - began, 2),
            "recovery_rss_mib": round(oma.peak_mib(), 1),
        }


async def _recovered(oma: Oma) -> None:
    assert oma.agent.transport is not None
    api = client(status.StatusApi, oma.agent.transport)
    while (await api.health()).parts["recovery"].state != "ok":  # noqa: ASYNC110 - the route has no long poll
        await asyncio.sleep(0.05)


async def _waiting(oma: Oma) -> int:
    store = await Store.open(oma.database)
    async with store.session() as session:
        found = await session.connection()
        count = (await found.exec_driver_sql("SELECT count(*) FROM jobs WHERE status = 'waiting'")).scalar_one()
    await store.close()
    return int(count)


async def _copies(folder: Path) -> dict[str, object]:
    """50 VMs are protected at once, while somebody looks at the lists all the time."""
    names = [f"web{number:02}" for number in range(COPIES)]
    async with world(folder, *[storage_vm(name, COPY_SIZE) for name in names]) as site:
        for name in names:
            await site.write(name, 2000, 0, noise(MIB))
        assert site.vma.process is not None and site.oma.process is not None
        looking = _look(site)
        for pid in (site.vma.process.pid, os.getpid()):
            os.setpriority(os.PRIO_PROCESS, pid, OTHER_MACHINES)
        began = time.monotonic()
        jobs = [(await site.protect(name))[1] for name in names]
        ended = [await site.ended(job, 900) for job in jobs]
        seconds = time.monotonic() - began
        times = await asyncio.to_thread(_told, looking)
        route, worst = slowest(times)
        return {
            "busy_list_p99_ms": round(worst, 1),
            "busy_slowest": route,
            "busy_completed": sum(job.status == "completed" for job in ended),
            "busy_s": round(seconds, 1),
            "busy_rss_mib": round(Oma(site.oma, folder / "oma").peak_mib(), 1),
        }


def _look(site: World) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "bench.probe", str(site.oma.socket), "0", *BUSY_LISTS]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _told(looking: subprocess.Popen[str]) -> dict[str, list[float]]:
    output, _ = looking.communicate(timeout=60)
    return dict(json.loads(output))
