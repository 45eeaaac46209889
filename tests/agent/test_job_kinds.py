"""Every kind of job an OMA has: cancelled at any of its steps it lets its VM go in a legal state; what failed can be started again.

The steps are hollow here: what they take back is tried where they are at home.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from console_records import job, keep, vm

from appliance.agent.config import Config
from appliance.agent.oma import Oma
from appliance.agent.retention.workflow import Keeping, Maintenance
from appliance.contexts import VmState, records
from appliance.core.commands import Children
from appliance.core.jobs import Run, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.failover.models import FailoverJobRow
from appliance.tunnel.oma_side import OmaSide

POINT = {"job_id": "job-0", "at": "2026-01-01T00:00:00+00:00", "change_ids": {}}
CYCLE = {"vm_name": "vm-0001", "context_id": "ctx-0001", "config_id": 1, "config_reason": "x", "quiesce": False, "parent_job_id": None}
FAILOVER = {"vm_name": "vm-0001", "ossea_config_id": 1, "network_mappings": {}, "preparation": "auto", "shutdown_seconds": 1}
BACK = {"vm_name": "vm-0001", "power_on_source": False, "discard_new_vm": True}

KINDS: dict[str, tuple[VmState | None, dict[str, Any]]] = {
    "replication": (VmState.READY, CYCLE),
    "verification": (VmState.READY, CYCLE),
    "removal": (VmState.READY, {"vm_name": "vm-0001"}),
    "test_failover": (VmState.READY, FAILOVER),
    "live_failover": (VmState.READY, FAILOVER),
    "cleanup": (VmState.TEST, BACK),
    "rollback": (VmState.LIVE, BACK),
    "finalise": (VmState.LIVE, BACK),
    "failed_cleanup": (VmState.CLEANUP_REQUIRED, BACK),
    "bulk_add": (None, {"vms": ["a"], "peer_id": "p", "credential_id": 1}),
    "snapshot-trial": (None, {"config_id": 1, "name": "lab"}),
    "key-rotation": (None, {}),
    "reconciliation": (None, {}),
    "reconciliation-heal": (None, {"findings": []}),
    "maintenance": (None, {}),
    "windows-drivers-fetch": (None, {"address": "http://x/"}),
    **{f"windows-{name}-fetch": (None, {"address": "http://x/"}) for name in ("rhsrvany", "pvvxsvc", "pnp-wait")},
}
"""Of each kind the state of the VM that it starts from, if it holds one, and what it is given."""

ASKED_ANEW = {"reconciliation-heal"}
"""Healing is of chosen findings, which a new look has to show first."""


class Hollow(Step):
    """In the place of a step: passes, or hangs where the test wants it."""

    def __init__(self, step: Step, *, hangs: bool) -> None:
        self.name, self.title = step.name, step.title
        self.reached, self._hangs = asyncio.Event(), hangs

    async def do(self, run: Run) -> None:
        if self._hangs:
            self.reached.set()
            await asyncio.Event().wait()


def workflows(store: Store, folder: Path) -> tuple[Runner, dict[str, Workflow]]:
    """All kinds of an OMA, as its composition registers them."""
    runner = Runner(store)
    sessions = SimpleNamespace(end_for_disk=None, living=list)
    side = SimpleNamespace(peers=None, sessions=sessions, tunnels=None)
    config = Config(role="oma", name="oma", state_dir=folder, run_dir=folder)
    Oma(config, store, cast(OmaSide, side), runner, Children(folder / "children"))
    runner.register(Maintenance(Keeping(store)), cast(Any, lambda _: None))
    return runner, runner._workflows


def test_no_kind_is_left_out(store: Store, tmp_path: Path) -> None:
    assert set(workflows(store, tmp_path)[1]) == set(KINDS)


def test_every_kind_can_be_started_again(store: Store, tmp_path: Path) -> None:
    runner, found = workflows(store, tmp_path)
    assert set(found) - set(runner._again) == ASKED_ANEW


@pytest.fixture
async def fleet(store: Store) -> AsyncIterator[Store]:
    """A VM with a complete copy, and the records of a failover of it."""
    await keep(store, vm(1, consistent_point=POINT, last_successful_job_id="job-0"), job("job-0", vm_context_id="ctx-0001"))
    yield store


async def fails_over(store: Store, state: VmState) -> None:
    """The VM in this state, which it has from a failover."""
    async with store.begin() as session:
        (await records.by_id(session, "ctx-0001")).current_status = state
        if state != VmState.READY:
            kind = "live" if state == VmState.LIVE else "test"
            session.add(FailoverJobRow(id="job-0", vm_context_id="ctx-0001", vm_id="x", job_type=kind, status="completed"))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_job_that_is_cancelled_at_any_step_lets_go_of_its_vm_and_can_be_started_again(
    fleet: Store, tmp_path: Path, kind: str
) -> None:
    runner, found = workflows(fleet, tmp_path)
    flow, (state, params) = found[kind], KINDS[kind]
    real = flow.steps
    if state is not None:
        await fails_over(fleet, state)
    for number in range(len(real)):
        hollow = [Hollow(step, hangs=place == number) for place, step in enumerate(real)]
        flow.steps = tuple(hollow)
        job_id = await runner.submit(kind, params, vm_context_id=None if state is None else "ctx-0001", peer_id="p")
        async with asyncio.timeout(30):
            await hollow[number].reached.wait()
            await runner.cancel(job_id)
            ended = await runner.wait(job_id)
        assert (ended.status, ended.error and ended.error["key"]) == ("cancelled", "job.cancelled")
        if state is not None:
            await lets_go(fleet, job_id, state)


async def lets_go(store: Store, job_id: str, state: VmState) -> None:
    """The VM is free and in a legal state, and says how the job ended; then it is put back to where it was."""
    async with store.begin() as session:
        context = await records.claim(session, job("job-next", "pending", vm_context_id="ctx-0001"))
        assert context.current_status in set(VmState) - {VmState.REPLICATING}
        assert (context.last_operation_summary or {})["job_id"] == job_id
        context.current_job_id, context.current_status = None, state
