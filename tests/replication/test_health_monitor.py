"""Every two minutes: what was not heard of is asked about, and only an answer moves it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from recovery_site import RecoverySite
from sqlalchemy import select

from appliance.agent.health import recovery
from appliance.agent.health.limits import HealthLimits
from appliance.agent.health.monitor import HealthMonitor, Look, Outside
from appliance.agent.health.recovery import Recovery
from appliance.agent.health.underway import UnderWay
from appliance.agent.health.verdicts import Answer, Verdict, answer_of, is_silent, verdict
from appliance.agent.health.watches import SeenPeer, other_versions, stuck, unheard
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import STORE_UNWRITABLE
from appliance.contract.peer import CopyPhase
from appliance.core.audit import AuditEvent
from appliance.core.jobs import JobStatus, Runner
from appliance.core.store import Store, utcnow
from appliance.replication import follow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = HealthLimits()


@pytest.mark.parametrize(("answer", "driven", "again"), list(product(Answer, (True, False), (True, False))))
def test_what_is_done_is_a_table(answer: Answer, driven: bool, again: bool) -> None:
    wanted = Verdict.LEAVE
    if not driven:
        wanted = Verdict.TAKE_UP
    elif again and answer in (Answer.WANTS, Answer.OVER, Answer.UNKNOWN):
        wanted = Verdict.DRIVE_ANEW
    assert verdict(answer, driven=driven, again=again) is wanted


@pytest.mark.parametrize("phase", CopyPhase)
def test_every_phase_of_the_far_side_is_an_answer(phase: CopyPhase) -> None:
    wants = (CopyPhase.COPIED, CopyPhase.COMPARED, CopyPhase.NEEDS_ACCESS)
    wanted = Answer.RUNNING if phase is CopyPhase.RUNNING else Answer.WANTS if phase in wants else Answer.OVER
    assert answer_of(phase) is wanted


@pytest.mark.parametrize(
    ("seconds_ago", "silent"), [(0, False), (29, False), (30, True), (86400, True), (-1, True), (-3600, True)], ids=str
)
def test_a_job_is_asked_about_after_half_a_minute_or_when_the_clock_was_set_back(seconds_ago: int, silent: bool) -> None:
    assert is_silent(NOW - timedelta(seconds=seconds_ago), NOW, LIMITS.silent) is silent


def one(status: str = "running", minutes_ago: int = 0) -> UnderWay:
    return UnderWay("job-1", "Replication of web", status, "Copying the disks", 1, NOW - timedelta(minutes=minutes_ago), None)


@pytest.mark.parametrize(("minutes", "status", "told"), [(59, "running", 0), (61, "running", 1), (600, "waiting", 0), (-600, "running", 0)])
def test_a_step_that_does_not_move_is_told_unless_it_waits(minutes: int, status: str, told: int) -> None:
    found = stuck([one(status, minutes)], NOW, LIMITS)
    assert found == ["Replication of web has not moved for 61 minutes (Copying the disks)."] * told


def test_peers_that_are_silent_or_of_another_version_are_told() -> None:
    peers = [
        SeenPeer("fresh", "1.2", NOW - timedelta(minutes=1)),
        SeenPeer("gone", "1.1", NOW - timedelta(minutes=30)),
        SeenPeer("new", "", None),
    ]
    assert unheard(peers, NOW, LIMITS) == [
        "gone has not been heard of for 30 minutes.",
        "new has not been heard of since it was paired.",
    ]
    assert other_versions(peers, "1.2") == ["gone has version 1.1, this appliance 1.2."]


def test_a_peer_is_told_of_that_is_more_than_one_version_apart() -> None:
    told = other_versions([SeenPeer("old", "1.0.4", NOW), SeenPeer("near", "1.1.0", NOW)], "1.2.0")
    assert told[0] == "old has version 1.0.4, this appliance 1.2.0. They are too far apart: upgrade the older one."
    assert told[1] == "near has version 1.1.0, this appliance 1.2.0."


@pytest.fixture
async def site(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RecoverySite]:
    monkeypatch.setattr(follow, "RETRY", 0.02)
    with tempfile.TemporaryDirectory(prefix="hea-") as folder:
        found = RecoverySite(store, Path(folder))
        await found.prepare()
        yield found
        await found.close()


class Clock:
    """A wall clock that only the test sets."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utcnow() + self.ahead


def monitor(site: RecoverySite, clock: Clock, *, open_orders: int = 0) -> tuple[HealthMonitor, Runner]:
    runner, sources = site.agent()

    async def peers() -> list[SeenPeer]:
        return []

    async def orders() -> int:
        return open_orders

    return HealthMonitor(site.store, runner, Outside(sources, peers, orders), clock=clock), runner


async def test_a_job_that_nobody_drives_is_taken_up(site: RecoverySite) -> None:
    job_id = await site.leave(1, "data-transfer")
    site.vma.phases[job_id] = CopyPhase.COPIED
    await site.connect()
    found, _ = monitor(site, Clock())
    look = await found.look()
    assert (look.under_way, look.asked, look.taken_up) == (1, 1, 1)
    assert (await site.settled(job_id))[0] == JobStatus.COMPLETED


async def hanging(site: RecoverySite, phase: CopyPhase | None) -> tuple[HealthMonitor, Clock, str]:
    """A job whose driver gets no answer to what it follows, and which was not heard of for a minute."""
    job_id = await site.leave(1, "data-transfer")
    site.vma.phases[job_id] = CopyPhase.RUNNING
    site.vma.answering.clear()
    await site.connect()
    clock = Clock()
    found, runner = monitor(site, clock)
    await runner.recover()
    while not site.vma.heard:
        await asyncio.sleep(0.01)
    if phase is None:
        del site.vma.phases[job_id]
    else:
        site.vma.phases[job_id] = phase
    clock.ahead = timedelta(minutes=1)
    return found, clock, job_id


@pytest.mark.parametrize(
    ("phase", "ends"),
    [
        (CopyPhase.COPIED, (JobStatus.COMPLETED, None, VmState.READY, None)),
        (CopyPhase.FAILED, (JobStatus.FAILED, "replication.far_ended", VmState.FAILED, None)),
        (None, (JobStatus.FAILED, "replication.forgotten", VmState.FAILED, None)),
    ],
)
async def test_a_job_whose_driver_hangs_ends_by_the_answer_at_the_second_look(
    site: RecoverySite, phase: CopyPhase | None, ends: tuple[object, ...]
) -> None:
    found, _, job_id = await hanging(site, phase)
    assert (await found.look()).taken_up == 0
    site.vma.answering.set()
    assert (await found.look()).taken_up in (0, 1)
    assert await site.settled(job_id) == ends


async def test_a_hanging_driver_is_replaced_though_its_question_is_never_answered(site: RecoverySite) -> None:
    found, _, job_id = await hanging(site, CopyPhase.COPIED)
    follows = site.vma.heard.count(f"progress {job_id}")
    assert [(await found.look()).taken_up for _ in range(2)] == [0, 1]
    while site.vma.heard.count(f"progress {job_id}") < follows + 3:  # asked twice by the monitor, once more by the new driver
        await asyncio.sleep(0.01)
    assert (await site.job(job_id)).status == JobStatus.RUNNING


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
async def test_no_jump_of_the_clock_ends_a_job_that_runs_at_the_source(site: RecoverySite, days: int) -> None:
    found, clock, job_id = await hanging(site, CopyPhase.RUNNING)
    clock.ahead = timedelta(days=days)
    for _ in range(3):
        look = await found.look()
        assert (look.asked, look.taken_up) == (1, 0)
    assert (await site.job(job_id)).status == JobStatus.RUNNING


async def test_a_source_that_can_not_be_reached_ends_nothing(site: RecoverySite) -> None:
    job_id = await site.leave(1, "data-transfer")
    clock = Clock()
    found, runner = monitor(site, clock)
    await runner.recover()
    await site.waits(job_id)
    clock.ahead = timedelta(days=2)
    for _ in range(3):
        assert (await found.look()).taken_up == 0
    assert (await site.job(job_id)).status == JobStatus.WAITING
    assert (await found.health()).state == "ok"  # it says itself that it waits


async def test_a_job_that_is_followed_is_not_asked_about(site: RecoverySite) -> None:
    job_id = await site.leave(1, "data-transfer")
    site.vma.phases[job_id] = CopyPhase.RUNNING
    await site.connect()
    found, runner = monitor(site, Clock())
    await runner.recover()
    while len(site.vma.heard) < 3:
        await asyncio.sleep(0.01)
    assert (await found.look()).asked == 0


async def test_a_vm_that_nothing_holds_is_freed_and_that_is_audited(site: RecoverySite) -> None:
    job_id = await site.leave(1, "data-transfer")
    async with site.store.begin() as session:
        (await session.get_one(VmContext, "ctx-001")).current_job_id = "job-nowhere"
    site.vma.phases[job_id] = CopyPhase.RUNNING
    await site.connect()
    found, _ = monitor(site, Clock())
    assert (await found.look()).freed == 1
    async with site.store.session() as session:
        assert (await session.get_one(VmContext, "ctx-001")).current_job_id is None
        event = (await session.scalars(select(AuditEvent))).one()
    assert (event.actor, event.action, event.result) == ("appliance", "vm.freed", "done")
    assert event.detail == "web1 was held by the job job-nowhere, which is not on record; it is free again."


async def test_its_health_tells_of_the_last_look(site: RecoverySite) -> None:
    clock = Clock()
    found, _ = monitor(site, clock, open_orders=2)
    assert (await found.health()).state == "degraded"
    look = await found.look()
    assert (await found.health()).detail == look.sentence()
    assert look.sentence().endswith(": 0 jobs under way, 0 asked about at the source, 0 taken up again, 2 orders open in CloudStack.")


def test_a_look_that_found_a_stuck_job_says_so() -> None:
    look = Look(NOW, under_way=1, freed=1, stuck=("It has not moved.",), told=("It is old.",))
    counts = "1 jobs under way, 0 asked about at the source, 0 taken up again, 1 VMs freed"
    assert look.sentence() == f"Last look at 2026-03-01 12:00:00 UTC: {counts}. It has not moved. It is old."


async def test_it_looks_again_after_a_look_that_failed(site: RecoverySite) -> None:
    runner, sources = site.agent()
    looks: list[str] = []

    async def peers() -> list[SeenPeer]:
        looks.append("look")
        if len(looks) == 1:
            raise STORE_UNWRITABLE()
        return []

    async def orders() -> int:
        return 0

    found = HealthMonitor(site.store, runner, Outside(sources, peers, orders), HealthLimits(interval=0.01))
    running = asyncio.create_task(found.run())
    states = []
    while "ok" not in states:
        states.append((await found.health()).state)
        await asyncio.sleep(0.001)
    running.cancel()
    assert "failed" in states and len(looks) >= 2


async def test_recovery_is_tried_until_the_records_can_be_read(site: RecoverySite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "AGAIN_AFTER", 0.01)
    job_id = await site.leave(1, "data-transfer")
    site.vma.phases[job_id] = CopyPhase.COPIED
    await site.connect()
    runner, _ = site.agent()
    tries: list[str] = []

    class Failing(Runner):
        async def recover(self) -> list[str]:
            tries.append("try")
            if len(tries) < 3:
                raise STORE_UNWRITABLE(cause="database is locked")
            return await runner.recover()

    async def broken() -> list[object]:
        raise OSError("no cloud")

    found = Recovery(site.store, Failing(site.store), broken)
    assert (await found.health()).state == "degraded"
    await found.run()
    assert (len(tries), (await found.health()).detail) == (3, "1 unfinished jobs were taken up.")
    assert (await site.settled(job_id))[0] == JobStatus.COMPLETED
