"""A live failover that ran when a back-up was made, was cancelled since, and comes back with a restore."""

import asyncio
from pathlib import Path

from failover_world import World

from appliance.agent.backup.archive import Manifest, pack
from appliance.agent.backup.restoring import Restoring
from appliance.agent.version import VERSION
from appliance.contract.failover import Preparation, StartLive
from appliance.core.store import Store, dump
from appliance.failover import requests


async def test_a_cancelled_live_failover_that_a_restore_brings_back_ends_where_it_stood(world: World, tmp_path: Path) -> None:
    world.cycle_hangs = True
    ref = await requests.start_live(world.deps, StartLive(**{**world.asked(preparation=Preparation.SKIP), "network_id": None}))
    while len(await world.unfinished()) < 2:
        await asyncio.sleep(0.01)
    packed, url = await backed_up(world, tmp_path)
    await world.deps.runner.cancel(ref.job_id)
    assert (await world.ends(ref.job_id)).status == "cancelled" and world.source.spec.power_state == "poweredOn"
    world.cycle_hangs = False
    world.source.calls.clear()
    await restored(world, packed, url, tmp_path)
    assert await world.deps.runner.recover() == []
    job = await world.deps.runner.get(ref.job_id)
    assert (job.status, job.error and job.error["key"]) == ("cancelled", "job.restored") and await world.unfinished() == []
    assert world.source.spec.power_state == "poweredOn" and world.machines() == [] and world.source.calls == []
    context, row = await world.context(), await world.row(ref.job_id)
    assert context.current_job_id is None and row.status == "cleanup_required"
    assert context.current_status in ("cleanup_required", "failed") and context.torn_since is not None


async def backed_up(world: World, folder: Path) -> tuple[bytes, str]:
    url = world.store.engine.url.render_as_string(hide_password=False)
    manifest = Manifest("oma", "x", VERSION, await world.store.revision(), "2026-01-01T00:00:00+00:00")

    def work() -> bytes:
        engine = dump.blocking_engine(url)
        try:
            with engine.connect() as connection:
                return pack(connection, folder, manifest)
        finally:
            engine.dispose()

    return await asyncio.to_thread(work), url


async def restored(world: World, packed: bytes, url: str, folder: Path) -> None:
    await world.close()
    await world.store.close()
    restoring = Restoring(folder, url, "oma")
    restoring.lay_ready(packed)
    assert restoring.take_up() is not None
    world.store = world.configs._store = await Store.open(url)
    await world.open()
