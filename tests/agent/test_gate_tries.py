"""Five tries, then a wait that grows, and that neither a restart nor the clock on the wall shortens."""

import asyncio

import pytest
from gate_site import Clock

from appliance.agent.tries import Count, Tries, in_words, remaining, wait_after
from appliance.contract.errors import Fault
from appliance.core.settings import Settings
from appliance.core.store import Store


@pytest.mark.parametrize(
    ("failed", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (11, 1920), (12, 3600), (13, 3600), (9999, 3600)]
)
def test_the_wait_begins_after_five_and_doubles_up_to_an_hour(failed: int, seconds: float) -> None:
    assert wait_after(failed) == seconds


@pytest.mark.parametrize(
    ("count", "boot", "now", "left"),
    [
        (Count(), "a", 10.0, 0.0),
        (Count(6, "a", 1060.0), "a", 1000.0, 60.0),
        (Count(6, "a", 1060.0), "a", 1059.0, 1.0),
        (Count(6, "a", 1060.0), "a", 1061.0, 0.0),
        (Count(6, "a", 1060.0), "b", 5.0, 55.0),
        (Count(6, "a", 1060.0), "b", 60.0, 0.0),
        (Count(6), "b", 5.0, 0.0),
    ],
    ids=["none", "begun", "nearly over", "over", "after a reboot", "long after a reboot", "served before the reboot"],
)
def test_what_is_left_of_a_wait(count: Count, boot: str, now: float, left: float) -> None:
    assert remaining(count, boot, now) == left


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 second"), (29.1, "30 seconds"), (120, "120 seconds"), (121, "3 minutes")])
def test_a_wait_is_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


async def used_up(tries: Tries) -> None:
    for _ in range(5):
        await tries.take()


async def test_the_sixth_try_waits(store: Store) -> None:
    tries = Tries(Settings(store), "x", Clock(), "a")
    await used_up(tries)
    with pytest.raises(Fault, match="the next one is taken in 30 seconds"):
        await tries.take()
    assert (await tries.left(), await tries.wait()) == (0, 30.0)


async def test_after_the_wait_there_is_one_try_and_then_a_longer_wait(store: Store) -> None:
    clock = Clock()
    tries = Tries(Settings(store), "x", clock, "a")
    await used_up(tries)
    clock.now += 30
    assert (await tries.left(), await tries.wait()) == (1, 0.0)
    await tries.take()
    assert await tries.wait() == 60.0


async def test_a_restart_of_the_agent_changes_nothing(store: Store) -> None:
    clock = Clock()
    await used_up(Tries(Settings(store), "x", clock, "a"))
    clock.now += 10
    assert await Tries(Settings(store), "x", clock, "a").wait() == 20.0


async def test_a_reboot_begins_the_wait_again(store: Store) -> None:
    await used_up(Tries(Settings(store), "x", Clock(1000), "a"))
    tries = Tries(Settings(store), "x", Clock(4), "b")
    assert await tries.wait() == 26.0
    with pytest.raises(Fault):
        await tries.take()


async def test_a_wait_that_was_served_does_not_begin_again_with_a_reboot(store: Store) -> None:
    clock = Clock(1000)
    tries = Tries(Settings(store), "x", clock, "a")
    await used_up(tries)
    clock.now += 31
    assert await tries.wait() == 0
    later = Tries(Settings(store), "x", Clock(4), "b")
    assert (await later.wait(), await later.left()) == (0.0, 1)


async def test_setting_the_clock_on_the_wall_shortens_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = Tries(Settings(store), "x")
    await used_up(tries)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert 29 < await tries.wait() <= 30


async def test_tries_at_once_are_counted_one_by_one(store: Store) -> None:
    tries = Tries(Settings(store), "x", Clock(), "a")
    results = await asyncio.gather(*(tries.take() for _ in range(12)), return_exceptions=True)
    assert sum(result is None for result in results) == 5


async def test_a_right_one_forgets_the_wrong_ones_and_secrets_are_counted_apart(store: Store) -> None:
    one, other = (Tries(Settings(store), name, Clock(), "a") for name in "xy")
    for _ in range(4):
        await one.take()
    await other.take()
    await one.succeeded()
    assert (await one.left(), await other.left()) == (5, 4)
