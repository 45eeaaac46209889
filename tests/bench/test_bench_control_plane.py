"""The figures of the control plane: their arithmetic, the records that they are taken from, and the probe that takes them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import func, select

from appliance.cloudstack.models import OsseaConfigRow
from appliance.contexts import VmContext
from appliance.core.jobs import Job, JobStep
from appliance.core.store import Store
from appliance.replication.cycle import Replication
from appliance.schedules.models import ReplicationSchedule
from appliance.volumes.links import Links
from bench.fleet import CONFIG, Fleet, context_id, fill, job_id, volume_id
from bench.probe import probe
from bench.timing import percentile, slowest


@pytest.mark.parametrize(
    ("values", "share", "found"), [([5.0], 0.99, 5.0), (list(range(1, 101)), 0.99, 99), (list(range(1, 101)), 0.5, 50), ([3, 1, 2], 1.0, 3)]
)
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], share: float, found: float) -> None:
    assert percentile(values, share) == found


def test_without_values_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.99)


def test_the_slowest_route_counts() -> None:
    assert slowest({"/a": [1.0, 2.0], "/b": [1.0, 9.0], "/c": [3.0, 3.0]}) == ("/b", 9.0)


async def test_a_fleet_holds_together(store: Store, tmp_path: Path) -> None:
    async with store.begin() as session:
        session.add(OsseaConfigRow(id=CONFIG, name="lab", api_url="u", api_key="k", secret_key=""))
    links = Links(tmp_path / "links", tmp_path / "exports")
    fleet = Fleet(vms=12, jobs=30, schedules=8, groups=3, audit=5, executions=7, unfinished=4)
    await fill(store, fleet, links)
    async with store.session() as session:
        tables = (VmContext, Job, JobStep, ReplicationSchedule)
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in tables]
        assert counts == [12, 34, 34 * len(Replication.made_of), 8]
        busy = list(await session.scalars(select(VmContext.current_job_id).where(VmContext.current_job_id.is_not(None))))
        assert sorted(str(one) for one in busy) == [job_id(30 + number) for number in range(4)]
        job = await session.get_one(Job, job_id(30))
        assert (job.status, job.vm_context_id) == ("running", context_id(0))
    assert links.kept() == {volume_id(number) for number in range(12)}


async def _answer(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["status"]))


async def test_the_probe_tells_a_time_for_each_question_and_refuses_a_bad_answer() -> None:
    app = web.Application()
    app.router.add_get("/{status}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    with tempfile.TemporaryDirectory(prefix="prb-") as folder:
        socket = f"{folder}/api.sock"
        await web.UnixSite(runner, socket).start()
        times = await probe(socket, 3, ["/200"])
        assert len(times["/200"]) == 3 and min(times["/200"]) > 0
        with pytest.raises(RuntimeError, match="/500: 500"):
            await probe(socket, 1, ["/500"])
        await runner.cleanup()
