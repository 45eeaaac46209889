"""What operators read of verifications, and what starts one."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from console_records import at, keep, vm
from test_metrics_routes import read

from appliance.agent.http.verifications import VerificationRoutes
from appliance.contract.errors import Fault
from appliance.contract.verifications import StartVerification, VerificationMode
from appliance.core.store import Store
from appliance.replication.protect import Protection
from appliance.replication.verify.models import Verification, VerifiedDisk

MIB = 1 << 20


def verification(number: int, context_id: str = "ctx-0001", **changes: Any) -> Verification:
    disk = {
        "disk_id": "disk-2000", "label": "Hard disk 1", "capacity_bytes": 9 * MIB, "planned_bytes": 8 * MIB, "checked_bytes": 8 * MIB,
        "different_bytes": MIB, "repaired_bytes": MIB, "found": [[MIB, MIB]], "outcome": "repaired",
    }  # fmt: skip
    disks = [VerifiedDisk(**disk), VerifiedDisk(**{**disk, "disk_id": "disk-2001", "found": [], "different_bytes": 0, "outcome": "same"})]
    made = {"mode": "full", "outcome": "repaired", "created_at": at(number), "ended_at": at(number) + timedelta(minutes=1)}
    return Verification(**{"id": f"job-{number}", "vm_context_id": context_id, "disks": disks, **made, **changes})


def routes(store: Store, asked: list[tuple[str, str | None]] | None = None) -> VerificationRoutes:
    async def start(context_id: str, *, verify: str | None = None) -> str:
        (asked if asked is not None else []).append((context_id, verify))
        return "job-new"

    return VerificationRoutes(store, cast(Protection, SimpleNamespace(start=start)))


async def test_the_newest_come_first_with_the_sums_of_their_disks(store: Store) -> None:
    await keep(store, vm(1), vm(2), verification(1), verification(2, "ctx-0002"), verification(3, outcome="running", ended_at=None))
    found = await routes(store).verifications()
    assert [(one.id, one.vm_name) for one in found] == [("job-3", "vm-0001"), ("job-2", "vm-0002"), ("job-1", "vm-0001")]
    assert (found[0].planned_bytes, found[0].different_bytes, found[0].repaired_bytes) == (16 * MIB, MIB, 2 * MIB)
    assert [one.id for one in await routes(store).verifications(vm="vm-0002")] == ["job-2"]
    assert [one.id for one in await routes(store).verifications(vm="ctx-0001", limit=1)] == ["job-3"]


async def test_only_those_of_a_mode_or_with_a_difference_are_listed(store: Store) -> None:
    same = verification(2, mode="sampled", disks=[])
    await keep(store, vm(1), verification(1), same)
    for asked, wanted in (({"mode": VerificationMode.FULL}, "job-1"), ({"differing": True}, "job-1"), ({"differing": False}, "job-2")):
        assert [one.id for one in await routes(store).verifications(**asked)] == [wanted]  # type: ignore[arg-type]


async def test_a_report_names_what_differed_on_each_disk_and_no_cause(store: Store) -> None:
    problem = {"key": "k", "message": "m", "guidance": "g", "cause": "secret path"}
    await keep(store, vm(1), verification(1, problem=problem))
    report = await routes(store).verification("job-1")
    assert [(one.disk_id, [(part.offset, part.length) for part in one.different]) for one in report.disks] == [
        ("disk-2000", [(MIB, MIB)]),
        ("disk-2001", []),
    ]
    assert report.problem is not None and "secret" not in report.model_dump_json()


async def test_what_is_unknown_is_not_found(store: Store) -> None:
    for ask in (routes(store).verification("job-9"), routes(store).verifications(vm="nobody"), routes(store).verify(started("nobody"))):
        with pytest.raises(Fault) as refused:
            await ask
        assert refused.value.status == 404


async def test_a_vm_is_verified_in_the_mode_that_was_asked_for(store: Store) -> None:
    asked: list[tuple[str, str | None]] = []
    await keep(store, vm(1))
    assert (await routes(store, asked).verify(started("vm-0001"))).job_id == "job-new"
    await routes(store, asked).verify(started("ctx-0001", VerificationMode.SAMPLED))
    assert asked == [("ctx-0001", "full"), ("ctx-0001", "sampled")]


async def test_what_was_found_is_counted(store: Store) -> None:
    await keep(store, vm(1), verification(1), verification(2, outcome="same"))
    found = await read(store)
    assert [found["appliance_verifications", one] for one in ("same", "repaired", "different", "incomplete")] == [1, 1, 0, 0]
    assert found["appliance_verification_different_bytes",] == 2 * MIB


def started(vm_name: str, mode: VerificationMode = VerificationMode.FULL) -> StartVerification:
    return StartVerification(vm=vm_name, mode=mode)
