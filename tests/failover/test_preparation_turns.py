"""Who is prepared next: a live failover, whose source is off, before those that can wait."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from appliance.failover.turns import Turns


async def told_nobody() -> None:
    return


class Line:
    """Guests that come one after the other, each told apart by its name; `had` names those that had their turn, in order."""

    def __init__(self, places: int) -> None:
        self.turns, self.had, self.tasks = Turns(places), list[str](), dict[str, asyncio.Task[None]]()
        self.leave = asyncio.Event()

    async def comes(self, name: str, *, hurry: bool = False) -> None:
        async def stay() -> None:
            async with self.turns.turn(told_nobody, hurry=hurry):
                self.had.append(name)
                await self.leave.wait()

        self.tasks[name] = asyncio.create_task(stay())
        for _ in range(3):
            await asyncio.sleep(0)

    async def all_leave(self) -> list[str]:
        self.leave.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        return self.had


async def test_live_failovers_pass_those_that_can_wait_and_each_kind_keeps_its_order() -> None:
    line = Line(1)
    for name in ("test 1", "test 2", "live 1", "test 3", "live 2"):
        await line.comes(name, hurry=name.startswith("live"))
    assert await line.all_leave() == ["test 1", "live 1", "live 2", "test 2", "test 3"]


async def test_how_many_have_to_end_before_is_known_beforehand() -> None:
    line = Line(2)
    ahead = [(line.turns.ahead(hurry=False), line.turns.ahead(hurry=True))]
    for name in ("test 1", "test 2", "test 3", "live 1", "test 4"):
        await line.comes(name, hurry=name.startswith("live"))
        ahead.append((line.turns.ahead(hurry=False), line.turns.ahead(hurry=True)))
    assert ahead == [(0, 0), (0, 0), (1, 1), (2, 1), (3, 2), (4, 2)]
    await line.all_leave()
    assert line.turns.ahead(hurry=False) == 0


async def test_one_that_is_cancelled_while_it_waits_takes_nobodys_place() -> None:
    line = Line(1)
    for name in ("test 1", "live 1", "test 2"):
        await line.comes(name, hurry=name.startswith("live"))
    line.tasks["live 1"].cancel()
    await asyncio.sleep(0)
    assert line.turns.ahead(hurry=True) == 1
    assert await line.all_leave() == ["test 1", "test 2"]


async def test_one_that_is_cancelled_just_when_its_turn_has_come_passes_the_place_on() -> None:
    turns, had = Turns(1), asyncio.Event()

    async def waits_in_vain() -> None:
        async with turns.turn(told_nobody, hurry=True):
            pytest.fail("it was cancelled before")

    async def last() -> None:
        async with turns.turn(told_nobody, hurry=False):
            had.set()

    async with AsyncExitStack() as first:
        await first.enter_async_context(turns.turn(told_nobody, hurry=False))
        live, test = asyncio.create_task(waits_in_vain()), asyncio.create_task(last())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await first.aclose()
        live.cancel()
    await test
    assert had.is_set() and live.cancelled() and turns.ahead(hurry=False) == 0


async def test_one_that_can_not_say_that_it_waits_is_out_of_the_line() -> None:
    async def breaks() -> None:
        raise ConnectionError

    turns = Turns(1)
    async with turns.turn(told_nobody, hurry=False):
        with pytest.raises(ConnectionError):
            async with turns.turn(breaks, hurry=True):
                pytest.fail("its turn had not come")
        assert turns.ahead(hurry=True) == 1
    assert turns.ahead(hurry=True) == 0
