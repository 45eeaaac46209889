"""Whether the clock is kept right, by whatever keeps it; nothing is said where nothing is known, or where it is no matter of ours."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from appliance.agent.health.clock import LONGEST, clock_probes, kernel_says
from appliance.agent.upgrade.state import Phase, State
from appliance.agent.upgrade.wellness import Seen, problem_of
from appliance.contract.status import Health, Part


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "system").mkdir()
    return tmp_path


async def told(run: Path, kernel: bool | None) -> Part:
    [probe] = clock_probes(run, lambda: kernel).values()
    return await probe()


@pytest.mark.parametrize(("kernel", "state"), [(True, "ok"), (False, "degraded")])
@pytest.mark.parametrize("synchronised", [True, False])
async def test_the_kernel_says_it_whatever_program_sets_the_clock(run: Path, kernel: bool, state: str, synchronised: bool) -> None:
    if synchronised:
        (run / "timesync").mkdir()
        (run / "timesync/synchronized").touch()
    assert (await told(run, kernel)).state == state


@pytest.mark.parametrize(("ago", "state"), [(0, "ok"), (LONGEST - 60, "ok"), (LONGEST + 60, "degraded"), (None, "degraded")])
async def test_who_may_not_ask_the_kernel_goes_by_the_time_service(run: Path, ago: float | None, state: str) -> None:
    (run / "timesync").mkdir()
    if ago is not None:
        (run / "timesync/synchronized").touch()
        os.utime(run / "timesync/synchronized", times=(time.time() - ago,) * 2)
    found = await told(run, None)
    assert found.state == state and ("time servers" in found.detail) is (state == "degraded")


async def test_with_another_program_for_the_time_and_without_the_kernels_word_nothing_is_wrong(run: Path) -> None:
    assert (await told(run, None)).state == "ok"


def test_a_machine_that_is_not_run_by_systemd_says_nothing_of_its_clock(tmp_path: Path) -> None:
    assert clock_probes(tmp_path, lambda: False) == {}


def test_the_kernel_is_asked_and_nothing_is_set() -> None:
    before = time.time()
    assert kernel_says() in (True, False, None)
    assert abs(time.time() - before) < 60


def test_time_servers_that_stop_to_answer_give_up_no_upgrade() -> None:
    seen = Seen(Health(state="degraded", parts={"clock": Part(state="degraded", detail="It is not synchronised.")}), [])
    before = State(Phase.TRIAL, "1.0", "1.1", "job", "", ok_before=("clock",))
    assert problem_of(seen, before, waited=True) == ""
