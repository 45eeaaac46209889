"""The console on a real pty: how soon it is painted, what it costs while nothing happens, and how soon it answers under load."""

from __future__ import annotations

import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from appliance.contract.jobs import Job, Pace
from appliance.core.commands import run
from bench.pairs import alternate, ratio, spread
from bench.scenarios import Ground
from tests.tui.operation import job, vm
from tests.tui.terminal import Pty, Site, keys_of, site

PEER, PEER_VERSION, PEER_MARK = "harlequin", "2.17.0", b"Results"
"""A well-known Textual program on the same version of Textual: panes, lists, forms and an editor for SQL. Started on an empty database in
memory; its mark is the title of its last pane, in the first frame that it paints."""

OWN_MARK = b"Set up"
"""In the bar of keys, which is painted last."""

TERM, SIZE = "xterm-256color", (80, 25)
IDLE_FOR = 20.0
VMS, JOBS, PRESSES = 100, 20, 300
REPORTS_A_SECOND = 4
KEYS = keys_of(TERM)


async def console(ground: Ground) -> dict[str, object]:
    """The object `console` of bench.json. First paints are medians; memory and processor time are the greater of two screens."""
    peer = await _peer(Path("build/bench-peer"))

    async def ours() -> float:
        async with site(term=TERM, size=SIZE, emulated=False) as one:
            return await one.pty.first(OWN_MARK)

    async def theirs() -> float:
        with _home(ground.folder) as home:
            return await _first_paint(peer, home)

    await ours(), await theirs()
    pairs = await alternate(ours, theirs, max(9, ground.pairs), ground.pairs)
    (idle_cpu, idle_rss), (list_cpu, list_rss) = await asyncio.gather(_at_rest(), _at_rest(on_list=True))
    repaints = await _repaints()
    return {
        "first_paint_s": round(statistics.median(pair.ours for pair in pairs), 3),
        "peer_first_paint_s": round(statistics.median(pair.peer for pair in pairs), 3),
        "first_paint_ratio": round(ratio(pairs), 3),
        "peer_spread": round(spread(pairs), 3),
        "ours_s": [round(pair.ours, 3) for pair in pairs],
        "peer_s": [round(pair.peer, 3) for pair in pairs],
        "peer": f"{PEER} {PEER_VERSION}",
        "rss_mib": round(max(idle_rss, list_rss) / 2**20, 1),
        "idle_cpu_percent": round(max(idle_cpu, list_cpu), 2),
        "repaint_p99_ms": round(sorted(repaints)[int(len(repaints) * 0.99)] * 1000, 1),
        "repaint_median_ms": round(statistics.median(repaints) * 1000, 1),
        "repaints": len(repaints),
    }


async def _peer(place: Path) -> Path:
    """The peer in a virtual environment of its own."""
    program = place / "bin" / PEER
    if not program.exists():
        await run([sys.executable, "-m", "venv", str(place)], timeout=120)
        await run([str(place / "bin/pip"), "install", "--quiet", f"{PEER}=={PEER_VERSION}"], timeout=300)
    return program.absolute()


@contextlib.contextmanager
def _home(folder: Path) -> Iterator[Path]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    yield home


async def _first_paint(program: Path, home: Path) -> float:
    pty = Pty(*SIZE, emulated=False)
    try:
        pty.start([str(program), "-a", "sqlite"], TERM, HOME=str(home))
        return await pty.first(PEER_MARK, within=30)
    finally:
        pty.close()


async def _at_rest(*, on_list: bool = False) -> tuple[float, int]:
    """Percent of one processor and bytes of memory while nobody does anything: on the idle screen, or on the list of VMs."""
    vms = [vm(number) for number in range(VMS)]
    async with site({"contexts": vms}, term=TERM, size=SIZE, emulated=False) as one:
        await one.pty.first(b"Fingerprint")
        if on_list:
            await _open(one, b"web01")
        await asyncio.sleep(10.0)
        used, began = one.pty.cpu, time.monotonic()
        await asyncio.sleep(IDLE_FOR)
        return (one.pty.cpu - used) / (time.monotonic() - began) * 100, one.pty.rss


async def _open(one: Site, mark: bytes, *, down: int = 0) -> None:
    """From the idle screen into a section of the menu."""
    await one.pty.press(KEYS["kf2"])
    await one.pty.first(b"What it is for")
    await one.pty.press(*[KEYS["kcud1"]] * down, b"\r")
    await one.pty.first(mark)


async def _repaints() -> list[float]:
    """Seconds from keys to the repaints that they cause, in the list of jobs, while all of them report progress."""
    moves = random.Random(1)
    seconds: list[float] = []
    async with site({"jobs": _running_jobs}, term=TERM, size=SIZE) as one:
        await one.pty.until("Fingerprint")
        await _open(one, b"web05", down=1)
        await one.pty.quiet(0.1)
        for number in range(PRESSES):
            key = KEYS["kcud1"] if number // (JOBS // 2) % 2 == 0 else KEYS["kcuu1"]
            seconds.append(await one.pty.answer_time(key, lambda: one.pty.marked_line))
            await asyncio.sleep(moves.uniform(0.01, 0.15))
    return seconds


def _running_jobs(active: bool | None = None, **_: object) -> list[Job]:
    """Jobs that have moved on whenever they are asked for."""
    if active is False:
        return []
    moved = int(time.time() * REPORTS_A_SECOND)
    return [_job(number, moved) for number in range(JOBS)]


def _job(number: int, moved: int) -> Job:
    done = (moved * 7 + number * 13) % 1000
    pace = Pace(
        done_bytes=done << 26,
        total_bytes=1000 << 26,
        skipped_bytes=0,
        rate_bps=8e7 + (moved * 31 + number) % 977 * 1e5,
        eta_seconds=1000 - done,
    )
    return job(number, progress_percent=done / 10, pace=pace, started_at=datetime.now(UTC))
