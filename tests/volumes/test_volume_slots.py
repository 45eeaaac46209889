"""Attachment slots: the pure decision, and who waits for whom."""

import asyncio

import pytest

from appliance.contract.errors import Fault
from appliance.volumes.slots import Plan, Slots, limit_of, plan


def _plan(wanted: str, present: str, *, limit: int = 4, foreign: int = 0, pinned: str = "", used: str = "") -> Plan | None:
    return plan(list(wanted), set(present), foreign, limit, set(pinned), {one: at for at, one in enumerate(used, 1)})


def test_free_slots_are_used_first() -> None:
    assert _plan("ab", "cd") == Plan((), ("a", "b"))


def test_the_longest_unused_volume_is_parked() -> None:
    assert _plan("a", "wxyz", used="xwzy") == Plan(("x",), ("a",))


def test_one_that_was_never_used_goes_first() -> None:
    assert _plan("a", "wxyz", used="xyz") == Plan(("w",), ("a",))


def test_pinned_volumes_stay() -> None:
    assert _plan("a", "wxyz", pinned="xwz", used="xwzy") == Plan(("y",), ("a",))


def test_wanted_volumes_that_are_present_are_not_parked_for_each_other() -> None:
    assert _plan("wab", "wxyz", used="wxyz") == Plan(("x", "y"), ("a", "b"))


def test_a_vm_gets_all_its_slots_or_none() -> None:
    assert _plan("ab", "wxyz", pinned="xyz") is None


def test_other_volumes_of_the_appliance_count() -> None:
    assert _plan("ab", "w", foreign=2) == Plan(("w",), ("a", "b"))


def test_a_vm_with_more_disks_than_slots_is_refused_at_once() -> None:
    with pytest.raises(Fault) as refused:
        Slots(limit=2).plan(["a", "b"], set(), 1)
    assert refused.value.key == "volume.too_many_disks"


@pytest.mark.parametrize(("chosen", "discovered", "limit"), [(None, None, 20), (None, 6, 6), (None, 32, 20), (24, 6, 24)])
def test_the_limit_is_set_or_discovered(chosen: int | None, discovered: int | None, limit: int) -> None:
    assert limit_of(chosen, discovered) == limit


def test_a_volume_stays_pinned_until_its_last_user_releases_it() -> None:
    slots = Slots()
    slots.pin("job-1", ["a"])
    slots.pin("job-2", ["a"])
    slots.unpin("job-1", ["a"])
    assert slots.users("a") == {"job-2"}
    slots.unpin("job-2", ["a"])
    assert slots.pinned() == set()


async def test_the_first_in_line_is_not_overtaken() -> None:
    slots = Slots()
    async with slots.in_line("job-1", 3) as first, slots.in_line("job-2", 1) as second:
        assert slots.is_first(first)
        assert not slots.is_first(second)
    assert slots.waiting == []


async def test_a_release_wakes_those_who_wait() -> None:
    slots = Slots()
    slots.pin("job-1", ["a"])
    woken = asyncio.create_task(slots.changed())
    await asyncio.sleep(0)
    slots.unpin("job-1", ["a"])
    await asyncio.wait_for(woken, 1)
