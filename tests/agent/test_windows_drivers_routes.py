"""The drivers for Windows over the operator's API."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import select

from appliance.agent.http.local import operator_application
from appliance.agent.http.windows_drivers import WindowsDriversRoutes
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.types import FetchFrom
from appliance.contract.windows_drivers import WindowsDriversApi
from appliance.core.jobs import JobStatus, Runner
from appliance.core.jobs.models import LogEvent
from appliance.core.store import Store
from appliance.failover.drivers import Drivers
from appliance.failover.fetching import fetchings
from tests.failover.driver_disc import disc
from tests.failover.windows_program import program
from tests.uploads import parts
from tests.web_places import shelf


@pytest.fixture
async def jobs(store: Store) -> AsyncIterator[Runner]:
    made = Runner(store)
    yield made
    await made.close()


@pytest.fixture
async def api(tmp_path: Path, jobs: Runner) -> AsyncIterator[WindowsDriversApi]:
    drivers = Drivers(tmp_path / "drivers")
    for kind in fetchings(drivers):
        jobs.register(kind)
    application = operator_application([(WindowsDriversApi, WindowsDriversRoutes(drivers, jobs))], "a-token")
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    transport = Transport(f"http://127.0.0.1:{runner.addresses[0][1]}", token="a-token")
    yield client(WindowsDriversApi, transport)
    await transport.close()
    await runner.cleanup()


async def test_a_disc_is_brought_listed_and_removed(api: WindowsDriversApi) -> None:
    assert await api.windows_drivers() == []
    about = await api.upload_windows_drivers(parts(disc()))
    assert await api.windows_drivers() == [about] and about.systems == ["2k19"]
    await api.delete_windows_drivers()
    assert await api.windows_drivers() == []


async def test_what_is_no_disc_is_refused_in_plain_words(api: WindowsDriversApi) -> None:
    with pytest.raises(Fault) as refused:
        await api.upload_windows_drivers(parts(b"no disc"))
    assert (refused.value.key, refused.value.status) == ("windows_drivers.none", 422)
    with pytest.raises(Fault) as nothing:
        await api.delete_windows_drivers()
    assert nothing.value.status == 404


async def test_a_program_is_brought_listed_and_removed_and_others_are_refused(api: WindowsDriversApi) -> None:
    about = await api.upload_windows_program("rhsrvany.exe", parts(program()))
    assert await api.windows_programs() == [about] and await api.windows_drivers() == []
    for name, content, key in (("rhsrvany.exe", b"x", "no_program"), ("calc.exe", program(), "unknown_program")):
        with pytest.raises(Fault) as refused:
            await api.upload_windows_program(name, parts(content))
        assert (refused.value.key, refused.value.status) == (f"windows_drivers.{key}", 422)
    await api.delete_windows_program("rhsrvany.exe")
    assert await api.windows_programs() == []


async def test_both_are_fetched_from_a_web_server(api: WindowsDriversApi, jobs: Runner, store: Store) -> None:
    async with shelf() as there:
        there.files = {"disc": disc(), "program": program()}
        asked = [
            await api.fetch_windows_drivers(FetchFrom(address=f"{there.url}/disc")),
            await api.fetch_windows_program("rhsrvany.exe", FetchFrom(address=f"{there.url}/program")),
        ]
        assert [(await jobs.wait(one.job_id)).status for one in asked] == [JobStatus.COMPLETED] * 2
        wrong = await api.fetch_windows_program("pnp_wait.exe", FetchFrom(address=f"{there.url}/disc"))
        assert ((await jobs.wait(wrong.job_id)).error or {})["key"] == "windows_drivers.no_program"
        with pytest.raises(Fault) as refused:
            await api.fetch_windows_program("calc.exe", FetchFrom(address=f"{there.url}/program"))
    assert refused.value.key == "windows_drivers.unknown_program"
    async with store.session() as session:
        told = " ".join((await session.scalars(select(LogEvent.message))).all())
    assert all(hashlib.sha256(there.files[name]).hexdigest() in told for name in ("disc", "program"))
    assert [one.name for one in await api.windows_programs()] == ["rhsrvany.exe"] and len(await api.windows_drivers()) == 1
