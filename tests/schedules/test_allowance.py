"""The limit of bandwidth on its way to the VMAs: shared by the copies that run, and told to all that are connected."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest
from schedule_world import NOON, World

from appliance.contract.client import UNREACHABLE
from appliance.contract.windows import BandwidthWindow
from appliance.schedules import allowance
from appliance.schedules.allowance import Allowance, allowances

MIB = 1 << 20


@pytest.mark.parametrize(
    ("limit", "peers", "running", "expected"),
    [
        (None, ["a", "b"], {"a": 3}, {"a": None, "b": None}),
        (100, [], {"a": 3}, {}),
        (100, ["a"], {}, {"a": 100}),
        (100, ["a"], {"a": 7}, {"a": 100}),
        (100, ["a", "b"], {"a": 3, "b": 1}, {"a": 75, "b": 25}),
        (100, ["a", "b"], {"a": 3}, {"a": 100, "b": 25}),
        (100, ["a"], {"a": 1, "cut off": 9}, {"a": 100}),
        (1, ["a", "b"], {"a": 3, "b": 1}, {"a": 1, "b": 1}),
    ],
)
def test_each_vma_gets_its_part_of_the_copies_that_run(
    limit: int | None, peers: list[str], running: dict[str, int], expected: dict[str, int | None]
) -> None:
    assert allowances(limit, peers, running) == expected


class Told:
    """What the peers were told last; those in `deaf` do not answer."""

    def __init__(self) -> None:
        self.last: dict[str, int | None] = {}
        self.deaf: set[str] = set()

    async def __call__(self, peer: str, limit: int | None) -> None:
        if peer in self.deaf:
            raise UNREACHABLE(cause=peer)
        self.last[peer] = limit


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def allowed(world: World, told: Told) -> Allowance:
    async def peers() -> Collection[str]:
        return ["peer-1", "peer-2"]

    return Allowance(world.store, peers, told, world.clock)


def window(start: str, end: str, rate: int) -> dict[str, object]:
    return BandwidthWindow(start=start, end=end, bytes_per_second=rate).model_dump(mode="json")


async def test_copies_that_run_are_told_when_a_window_begins_and_ends(world: World, told: Told, allowed: Allowance) -> None:
    await world.vms("web", "db")
    await world.vms("far", peer_id="peer-2")
    await world.schedule(vms=["web", "db", "far"])
    await world.limits(bandwidth=[window("13:30", "14:00", 30 * MIB)])
    await world.tick(hours=1)
    seen = []
    for minute in (29, 30, 59, 60):
        world.now = NOON.replace(hour=13 + minute // 60, minute=minute % 60)
        await allowed.once()
        seen.append(dict(told.last))
    free, held = {"peer-1": None, "peer-2": None}, {"peer-1": 20 * MIB, "peer-2": 10 * MIB}
    assert seen == [free, held, held, free]


async def test_a_vma_that_does_not_listen_keeps_no_other_from_being_told(
    world: World, told: Told, allowed: Allowance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "EVERY", 0.01)
    await world.limits(bandwidth=[window("00:00", "00:00", MIB)])
    told.deaf = {"peer-1"}
    task = asyncio.create_task(allowed.run())
    async with asyncio.timeout(60):
        while told.last != {"peer-2": MIB}:
            await asyncio.sleep(0.01)
        told.deaf = set()
        while "peer-1" not in told.last:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
