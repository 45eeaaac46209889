"""Ids of records never collide and sort by the time of their making, whatever the clock does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.core.store import new_id
from appliance.core.store.ids import Ids

NOW = 1_800_000_000.0


def stands(at: float = NOW) -> Callable[[], float]:
    return lambda: at


def goes_back() -> Callable[[], float]:
    times = iter([*[NOW] * 100, *[NOW - 3600] * 100, *[NOW + 0.001] * 100])
    return lambda: next(times)


@pytest.mark.parametrize("clock", [stands(), goes_back()], ids=["within one millisecond", "while the clock is set back"])
def test_ids_made_at_once_differ_and_sort_in_their_order(clock: Callable[[], float]) -> None:
    ids = Ids(clock)
    made = [ids.next() for _ in range(200)]
    assert made == sorted(set(made))


def test_ids_that_many_threads_make_in_one_millisecond_differ() -> None:
    ids = Ids(stands())
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.next(), range(4000)))
    assert len(set(made)) == 4000


def test_a_later_millisecond_sorts_later_also_from_another_maker() -> None:
    assert Ids(stands(NOW)).next() < Ids(stands(NOW + 0.002)).next()


def test_two_makers_do_not_collide_in_one_millisecond() -> None:
    assert len({Ids(stands()).next() for _ in range(500)}) == 500


def test_an_id_names_what_it_is_of_and_has_one_length() -> None:
    made = new_id("job")
    assert made.startswith("job-0") and len(made) == len("job-") + 24
