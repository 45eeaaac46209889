"""Followers of jobs are told of every change, go on where they were cut off, and cost nothing when they are slow."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from console_records import job, keep, vm

from appliance.agent.http import job_events, streaming
from appliance.agent.http.jobs import JobRoutes
from appliance.agent.http.local import operator_application
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.jobs import JobNews, JobsApi
from appliance.core.jobs import Run, Runner, Step, Workflow
from appliance.core.jobs.changes import Changes
from appliance.core.store import Store
from appliance.replication.pace import cycle_paces


class Waits(Step):
    name, title = "wait", "Waiting"

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def do(self, run: Run) -> None:
        await self.go.wait()


class Toy(Workflow):
    kind = "toy"

    def __init__(self, step: Waits) -> None:
        super().__init__([step])


class Served:
    """An agent's routes of jobs on a Unix socket."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.step, self.runner = Waits(), Runner(store)
        self.runner.register(Toy(self.step))
        self.routes = JobRoutes(store, self.runner, cycle_paces)
        self.socket = str(folder / "s")
        self.transport = Transport(unix=self.socket)
        self.api = client(JobsApi, self.transport)
        self.site = web.AppRunner(operator_application([(JobsApi, self.routes)], None), shutdown_timeout=0.1)

    @property
    def followers(self) -> int:
        return self.routes._followers.count

    async def start(self, **more: Any) -> str:
        return await self.runner.submit("toy", {}, **more)


@pytest.fixture
async def served(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(job_events, "PAUSE", 0.01)
    monkeypatch.setattr(streaming, "LOOK", 0.02)
    folder = Path(tempfile.mkdtemp(prefix="ev"))
    made = Served(store, folder)
    await made.site.setup()
    await web.UnixSite(made.site, made.socket).start()
    yield made
    await made.transport.close()
    await made.site.cleanup()
    await made.runner.close()
    shutil.rmtree(folder)


async def until(news: AsyncIterator[JobNews], operation: str) -> JobNews:
    """The first news that a job does this."""
    async with asyncio.timeout(60):
        async for one in news:
            if any(each.current_operation == operation for each in one.jobs):
                return one
    raise AssertionError("the stream ended")


async def test_a_follower_sees_what_there_is_then_every_change_to_the_end(served: Served) -> None:
    first = await served.start()
    async with aclosing(served.api.job_events()) as news:  # type: ignore[type-var]
        snapshot = await anext(news)
        assert (snapshot.event, [one.id for one in snapshot.jobs]) == ("snapshot", [first])
        second = await served.start()
        served.step.go.set()
        seen: dict[str, str] = {}
        async with asyncio.timeout(60):
            while seen.get(first) != "completed" or seen.get(second) != "completed":
                seen |= {one.id: one.status for one in (await anext(news)).jobs}


async def test_a_follower_that_comes_back_is_told_only_what_it_missed(served: Served) -> None:
    await served.start()
    async with aclosing(served.api.job_events()) as news:  # type: ignore[type-var]
        last = (await until(news, "Waiting")).id
    missed = await served.start()
    async with aclosing(served.api.job_events(last_event_id=last)) as news:  # type: ignore[type-var]
        found = await anext(news)
    # The first one may have moved on since it was seen; what matters is that this one's news are not lost, and not all told again.
    assert found.event == "changes" and found.jobs[-1].id == missed


@pytest.mark.parametrize("unknown", ["", "0badcafe-3", "nonsense", "-", "x-999999"])
async def test_who_comes_from_before_the_agents_start_is_told_everything(served: Served, unknown: str) -> None:
    job_id = await served.start()
    async with aclosing(served.api.job_events(last_event_id=unknown)) as news:  # type: ignore[type-var]
        found = await anext(news)
    assert (found.event, [one.id for one in found.jobs]) == ("snapshot", [job_id])


async def test_one_job_or_one_vm_is_followed_without_the_others(served: Served, store: Store) -> None:
    await keep(store, vm(1), vm(2), job("job-old", vm_context_id="ctx-0001"))
    mine, other = await served.start(vm_context_id="ctx-0001"), await served.start(vm_context_id="ctx-0002")
    for asked in ({"vm": "vm-0001"}, {"job": mine}):
        async with aclosing(served.api.job_events(**asked)) as news:  # type: ignore[type-var]
            assert [one.id for one in (await anext(news)).jobs] == [mine]
            await served.runner.cancel(other)
            await served.runner.wait(other)
            async with served.runner.changing(mine):
                pass
            assert [one.id for one in (await anext(news)).jobs] == [mine]
            other = await served.start(vm_context_id="ctx-0002")


async def test_the_snapshot_of_a_job_that_has_ended_tells_how(served: Served, store: Store) -> None:
    await keep(store, job("job-old", "failed"))
    async with aclosing(served.api.job_events(job="job-old")) as news:  # type: ignore[type-var]
        assert [one.status for one in (await anext(news)).jobs] == ["failed"]


@pytest.mark.parametrize("asked", [{"vm": "nothing"}, {"job": "job-nothing"}])
async def test_what_there_is_not_is_refused_as_everywhere(served: Served, asked: dict[str, str]) -> None:
    with pytest.raises(Fault) as refused:
        await anext(served.api.job_events(**asked))
    assert refused.value.status == 404


async def test_a_browser_sends_the_last_id_as_a_header_and_reads_the_standards_lines(served: Served) -> None:
    await served.start()
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(served.socket)) as browser:
        headers = {"Last-Event-ID": f"{served.runner.changes.start}-0"}
        async with browser.get("http://x/api/v1/jobs/events", headers=headers) as answer:
            lines = [await answer.content.readline() for _ in range(4)]
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert lines[0].startswith(b"id: ") and lines[1] == b"event: changes\n" and lines[2].startswith(b'data: {"id"') and lines[3] == b"\n"


async def test_a_follower_that_missed_nothing_is_answered_and_noticed_when_it_leaves(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "FIRST", 0.02)
    await served.start()
    async with aclosing(served.api.job_events()) as news:  # type: ignore[type-var]
        last = (await until(news, "Waiting")).id
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(served.socket)) as browser, asyncio.timeout(60):
        async with browser.get("http://x/api/v1/jobs/events", headers={"Last-Event-ID": last}) as answer:
            assert answer.status == 200
            while served.followers != 1:  # the one before has been noticed to have left; this one is there
                await asyncio.sleep(0.01)
        while served.followers:
            await asyncio.sleep(0.01)


async def test_silence_is_broken_by_a_heartbeat(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT", 0.05)
    browser = aiohttp.ClientSession(connector=aiohttp.UnixConnector(served.socket))
    async with browser, browser.get("http://x/api/v1/jobs/events") as answer, asyncio.timeout(60):
        while await answer.content.readline() != b":\n":
            pass


async def test_a_follower_that_does_not_read_is_dropped(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PATIENCE", 0.2)
    await served.start()
    _, writer = await asyncio.open_unix_connection(served.socket, limit=1)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(b"GET /api/v1/jobs/events HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(20):
        while not served.followers:
            await asyncio.sleep(0.01)
        while served.followers:
            for _ in range(5):
                await served.runner.submit("toy", {"vm_name": "x" * 50_000})
    writer.transport.abort()


async def test_followers_leave_nothing_behind_and_end_with_the_agent(served: Served) -> None:
    news = [served.api.job_events() for _ in range(3)]
    for one in news:
        await anext(one)
    assert served.followers == 3
    await news[0].aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(60):
        while served.followers == 3:
            await asyncio.sleep(0.01)
    ending = asyncio.gather(*(anext(one) for one in news[1:]), return_exceptions=True)
    async with asyncio.timeout(60):
        await served.site.cleanup()
        assert all(isinstance(one, Fault | StopAsyncIteration) for one in await ending)
    assert served.followers == 0


async def test_more_followers_than_are_served_are_told_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_events, "MOST", 1)
    async with aclosing(served.api.job_events()) as news:  # type: ignore[type-var]
        await anext(news)
        with pytest.raises(Fault) as refused:
            await anext(served.api.job_events())
    assert (refused.value.key, refused.value.status) == ("jobs.too_many_followers", 503)


def test_changes_are_told_once_each_and_only_as_far_back_as_they_are_kept() -> None:
    changes = Changes(kept=3)
    for one in "aabcb":
        changes.note(one)
    assert [changes.since(after) for after in (5, 4, 2, 1, -1, 6)] == [[], ["b"], ["b", "c"], None, None, None]


async def test_whoever_waits_for_one_job_sleeps_through_the_changes_of_others() -> None:
    changes = Changes()
    waiting = asyncio.create_task(changes.wait_for("mine", 0))
    for _ in range(3):
        changes.note("other")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not waiting.done()
    changes.note("mine")
    async with asyncio.timeout(60):
        await waiting
