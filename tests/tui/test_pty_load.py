"""How the console answers, and what it costs, at a real pty."""

from __future__ import annotations

import asyncio
import time

import pytest

from appliance.contract.jobs import Job
from tests.tui.operation import job, vm
from tests.tui.terminal import Site, entry, keys_of, site

pytestmark = pytest.mark.lab

KEYS = keys_of("linux")
JOBS = 20


def progressing(active: bool | None = None, **_: object) -> list[Job]:
    """Twenty jobs that have moved on every quarter of a second."""
    moved = int(time.time() * 4)
    return [job(number, progress_percent=float((moved + number) % 100)) for number in range(JOBS)] if active is not False else []


async def test_every_key_is_answered_while_20_jobs_report_progress() -> None:
    async with site({"jobs": progressing}) as console:
        pty = console.pty
        await pty.until("Fingerprint")
        await pty.press(KEYS["kf2"])
        await pty.until("What it is for")
        await pty.press(*[KEYS["kcud1"]] * entry("jobs"), b"\r")
        await pty.until("web05")
        await pty.quiet(0.1)
        before = pty.text
        for number in range(120):  # The benchmark measures how soon (`repaint_p99_ms`).
            key = KEYS["kcud1"] if number // 10 % 2 == 0 else KEYS["kcuu1"]
            await pty.answer_time(key, lambda: pty.marked_line)
            await asyncio.sleep(0.03)
        async with asyncio.timeout(60):  # The list is asked for less often while it costs much: at most every five seconds.
            while pty.text == before:
                await asyncio.sleep(0.1)


async def at_rest(count: int) -> tuple[float, float, float]:
    """On the idle screen or a list of VMs, per second: how often the program wakes up, what it asks, and the bytes it puts out."""
    async with site({"contexts": [vm(number) for number in range(count)]}, emulated=False) as console:
        await console.pty.first(b"Fingerprint")
        if count:
            await console.pty.press(KEYS["kf2"])
            await console.pty.first(b"What it is for")
            await console.pty.press(b"\r")
            await console.pty.first(b"web01")
        await console.pty.rested()
        before, began = counts(console), time.monotonic()
        await asyncio.sleep(8.0)
        after, seconds = counts(console), time.monotonic() - began
        assert console.pty.rss < 120 * 2**20
        woken, asked, out = ((later - earlier) / seconds for earlier, later in zip(before, after, strict=True))
        return woken, asked, out


def counts(console: Site) -> tuple[int, int, int]:
    return console.pty.wakes, len(console.stand_in.calls), len(console.pty.raw)


async def test_it_rests_while_nothing_happens() -> None:
    """What does not depend on the machine; the processor's time is in the benchmarks (`idle_cpu_percent`)."""
    for woken, asked, out in await asyncio.gather(at_rest(0), at_rest(100), at_rest(1000)):
        assert woken < 40 and asked < 4 and out < 1500, (woken, asked, out)
