"""The vendor's archive, fetched by a job from a web server of the operator's."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.contract.errors import Fault
from appliance.core.carrying import UNDER_WAY
from appliance.core.jobs import Job, JobStatus, Runner
from appliance.core.store import Store
from appliance.vsphere.vddk.fetching import KIND, fetching
from appliance.vsphere.vddk.library import Library
from tests.vsphere.disk_library import library, loader, packed

ARCHIVE = packed(library())
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def whole(_: web.Request) -> web.StreamResponse:
    return web.Response(body=ARCHIVE)


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/whole")


async def cut_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": str(len(ARCHIVE))})
    await answer.prepare(request)
    await answer.write(ARCHIVE[:100])
    assert request.transport is not None
    request.transport.abort()
    return answer


async def a_page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>Log in to download</html>")


async def missing(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound


async def huge(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": str(1 << 40)})
    await answer.prepare(request)
    return answer


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    for answer in (whole, elsewhere, cut_off, a_page, missing, huge):
        app.router.add_get(f"/{answer.__name__}", answer)
    async with TestServer(app) as running:
        yield running


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("PATH", loader(tmp_path / "bin"), prepend=":")
    found = Library(tmp_path / "disk-library")
    await found.open()
    return found


@pytest.fixture
async def runner(store: Store, place: Library) -> AsyncIterator[Runner]:
    made = Runner(store, [fetching(place)])
    yield made
    await made.close()


async def fetched(runner: Runner, address: str) -> Job:
    return await runner.wait(await runner.submit(KIND, {"address": address}))


@pytest.mark.parametrize("name", ["whole", "elsewhere"])
async def test_what_was_fetched_waits_with_its_digest(name: str, runner: Runner, place: Library, server: TestServer) -> None:
    assert (await fetched(runner, str(server.make_url(f"/{name}")))).status == JobStatus.COMPLETED
    received = (await place.state()).received
    assert received and received.sha256 == hashlib.sha256(ARCHIVE).hexdigest() and received.version == "7.0.3"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("cut_off", "web.not_fetched"),
        ("a_page", "library.not_the_archive"),
        ("missing", "web.not_fetched"),
        ("huge", "request.too_large"),
    ],
)
async def test_what_is_not_the_whole_archive_fails_the_job_and_leaves_nothing(
    name: str, key: str, runner: Runner, place: Library, server: TestServer, tmp_path: Path
) -> None:
    job = await fetched(runner, str(server.make_url(f"/{name}")))
    assert job.error is not None and job.error["key"] == key
    assert list((tmp_path / "disk-library").iterdir()) == []


async def test_nobody_at_the_address_is_said_plainly(runner: Runner) -> None:
    job = await fetched(runner, "http://127.0.0.1:9/vddk.tar.gz")
    assert job.error is not None and job.error["message"] == "The file can't be fetched from this address: it can't be reached."


async def test_only_one_is_fetched_at_a_time(runner: Runner, server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await runner.submit(KIND, {"address": str(server.make_url("/whole"))})
    with pytest.raises(Fault) as caught:
        await runner.submit(KIND, {"address": str(server.make_url("/whole"))})
    assert caught.value.key == UNDER_WAY.key
    assert (await runner.wait(first)).status == JobStatus.COMPLETED
