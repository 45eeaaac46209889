"""Schedules, groups, windows and scheduled runs as operators ask for them, over HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from console_records import job, keep, statements, vm

from appliance.agent.http.local import LocalApi
from appliance.agent.http.replications import ReplicationRoutes
from appliance.agent.http.schedules import ScheduleRoutes, WindowRoutes
from appliance.contract.client import Transport, client
from appliance.contract.schedules import AddMember, ExecutionStatus, Preview, SaveGroup, SaveSchedule, SchedulesApi
from appliance.contract.windows import BandwidthWindow, FleetWindows, Window, WindowsApi
from appliance.core.store import Store
from appliance.schedules.models import ScheduleExecution
from tests.refusals import refusal


class Operator:
    """The two APIs over a socket, as the console and scripts reach them."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.schedules, self.windows = client(SchedulesApi, transport), client(WindowsApi, transport)


@pytest.fixture
async def operator(store: Store) -> AsyncIterator[Operator]:
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "api.sock"
        served = ((SchedulesApi, ScheduleRoutes(store, lambda _: True)), (WindowsApi, WindowRoutes(store)))
        api = LocalApi(served, "token", socket, "127.0.0.1", 0)
        await api.start()
        transport = Transport(unix=str(socket))
        yield Operator(transport)
        await transport.close()
        await api.stop()


def wanted(name: str = "nightly", **more: Any) -> SaveSchedule:
    return SaveSchedule.model_validate({"name": name, "cron": "0 30 2 * * *", "timezone": "Europe/Berlin", "vms": ["vm-0001"], **more})


async def test_a_schedule_is_kept_as_it_was_made_and_tells_its_next_run(store: Store, operator: Operator) -> None:
    await keep(store, vm(1), vm(2))
    group = await operator.schedules.create_group(SaveGroup(name="web"))
    blackout = Window(name="Month end", start="22:00", end="06:00", timezone="Europe/Berlin")
    asked = wanted(group_id=group.id, vms=["ctx-0002", "vm-0001", "vm-0002"], quiesce=True, max_concurrent=3, blackouts=[blackout])
    made = await operator.schedules.create_schedule(asked)
    assert made == await operator.schedules.schedule(made.id) == (await operator.schedules.schedules())[0]
    assert (made.group_name, made.vm_context_ids, made.blackouts) == ("web", ["ctx-0001", "ctx-0002"], [blackout])
    (first,) = await operator.schedules.next_runs(made.id, count=1)
    assert made.next_run == first.at and first.at.tzinfo is not None and first.local[11:19] in ("02:30:00", "03:00:00")


async def test_an_update_replaces_all_of_it(store: Store, operator: Operator) -> None:
    await keep(store, vm(1), vm(2))
    made = await operator.schedules.create_schedule(wanted(quiesce=True, description="old"))
    changed = await operator.schedules.update_schedule(made.id, wanted("weekly", cron="0 0 * * SUN", vms=["vm-0002"]))
    assert (changed.id, changed.name, changed.vm_context_ids, changed.quiesce, changed.description) == (
        made.id,
        "weekly",
        ["ctx-0002"],
        False,
        "",
    )
    assert changed.next_run and changed.next_run.astimezone(UTC) != made.next_run
    assert changed.created_at == made.created_at


async def test_a_change_of_anything_but_its_times_leaves_what_is_due_alone(store: Store, operator: Operator) -> None:
    await keep(store, vm(1))
    made = await operator.schedules.create_schedule(wanted())
    changed = await operator.schedules.update_schedule(made.id, wanted("weekly", spread_seconds=0))
    assert (changed.decided_until, changed.next_run) == (made.decided_until, made.next_run)


async def test_a_schedule_is_disabled_enabled_and_removed(store: Store, operator: Operator) -> None:
    await keep(store, vm(1))
    made = await operator.schedules.create_schedule(wanted())
    off = await operator.schedules.disable_schedule(made.id)
    assert (off.enabled, off.next_run) == (False, None)
    assert len(await operator.schedules.next_runs(made.id, count=3)) == 3
    assert [one.id for one in await operator.schedules.schedules(enabled=False)] == [made.id]
    on = await operator.schedules.enable_schedule(made.id)
    assert on.enabled and on.next_run == made.next_run
    await operator.schedules.delete_schedule(made.id)
    assert await operator.schedules.schedules() == []
    assert (await refusal(operator.schedules.schedule(made.id))).status == 404


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"cron": "0 0 30 2 *"}, "schedule.never_fires"),
        ({"cron": "0 0 0 30 2 *"}, "schedule.never_fires"),
        ({"cron": "every day"}, "schedule.cron_unreadable"),
        ({"timezone": "Mars/Base"}, "schedule.zone_unknown"),
        ({"blackouts": [{"start": "22:00", "end": "06:00", "timezone": "Mars/Base"}]}, "schedule.zone_unknown"),
        ({"vms": []}, "schedule.no_target"),
        ({"vms": ["nobody"]}, "request.not_found"),
        ({"vms": ["twin"]}, "request.ambiguous_name"),
        ({"group_id": "group-x"}, "request.not_found"),
        ({"name": "NIGHTLY"}, "schedule.name_taken"),
    ],
)
async def test_a_schedule_that_cannot_be_is_refused_and_nothing_is_kept(
    store: Store, operator: Operator, more: dict[str, Any], key: str
) -> None:
    await keep(store, vm(1), vm(2, vm_name="twin"), vm(3, vm_name="twin"))
    kept = await operator.schedules.create_schedule(wanted())
    assert (await refusal(operator.schedules.create_schedule(wanted(**{"name": "other", **more})))).key == key
    if "name" not in more:
        assert (await refusal(operator.schedules.update_schedule(kept.id, wanted(**more)))).key == key
    assert await operator.schedules.schedules() == [kept]


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "a", "cron": "* * * * *", "vms": ["x"], "colour": 1}',
        '{"name": " a", "cron": "* * * * *", "vms": ["x"]}',
        '{"name": "a\\nb", "cron": "* * * * *", "vms": ["x"]}',
        '{"name": "a", "cron": "* * * * *", "vms": ["x"], "spread_seconds": 3601}',
        '{"name": "a", "cron": "* * * * *", "vms": ["x"], "max_concurrent": 0}',
        '{"name": "a", "cron": "* * * * *", "vms": ["x"], "on_missed": "twice"}',
        '{"name": "a", "cron": "* * * * *", "vms": ["x"], "blackouts": [{"start": "25:00", "end": "06:00"}]}',
        '{"name": "a", "cron": "* * * * *", "vms": [' + ",".join(['"x"'] * 2001) + "]}",
    ],
)
async def test_a_field_that_is_wrong_is_named(operator: Operator, body: str) -> None:
    status, answer = await operator.transport.send("POST", "/api/v1/schedules", {}, body.encode())
    assert status == 400 and b"request.invalid" in answer


async def test_a_line_is_tried_before_it_is_kept(operator: Operator) -> None:
    found = await operator.schedules.preview_line(Preview(cron="0 30 * * * *", timezone="Asia/Kolkata", count=3))
    assert [one.local[14:] for one in found] == ["30:00+05:30"] * 3
    assert [later.at - one.at for one, later in pairwise(found)] == [timedelta(hours=1)] * 2
    assert (await refusal(operator.schedules.preview_line(Preview(cron="0 0 30 2 *")))).key == "schedule.never_fires"


async def test_run_now_answers_what_becomes_of_each_vm_and_the_history_keeps_it(store: Store, operator: Operator) -> None:
    await keep(store, vm(1), vm(2, current_status="failed_over_test"))
    made = await operator.schedules.create_schedule(wanted(vms=["vm-0001", "vm-0002"], enabled=False))
    queued, skipped = await operator.schedules.run_schedule(made.id)
    assert (queued.vm_name, queued.status, queued.reason, queued.started_by) == ("vm-0001", "queued", None, "operator")
    assert skipped.status is ExecutionStatus.SKIPPED and skipped.reason is not None
    assert skipped.reason.message == "vm-0002 is failed over." and skipped.reason.guidance
    history = await operator.schedules.schedule_history(made.id)
    assert {one.id for one in history} == {queued.id, skipped.id}
    assert await operator.schedules.execution(skipped.id) == skipped
    assert [one.id for one in await operator.schedules.executions(status=ExecutionStatus.SKIPPED)] == [skipped.id]
    assert [one.id for one in await operator.schedules.executions(vm="vm-0001")] == [queued.id]
    assert [one.id for one in await operator.schedules.executions(vm="ctx-0001", schedule_id=made.id, limit=1)] == [queued.id]
    assert await operator.schedules.executions(schedule_id="other") == []


async def test_a_run_tells_how_its_job_stands_and_what_it_is_called(store: Store, operator: Operator) -> None:
    times = dict.fromkeys(("due_at", "start_at"), datetime(2026, 1, 1, tzinfo=UTC))
    run = ScheduleExecution(id="r", schedule_id="s", schedule_name="s", started_by="schedule", status="started", job_id="job-1", **times)
    await keep(store, job("job-1", "failed"))
    async with store.begin() as session:
        session.add(run)
    found = await operator.schedules.execution("r")
    assert (found.job_id, found.job_status, found.job_title) == ("job-1", "failed", "Title of job-1")


async def test_the_history_of_a_removed_schedule_is_still_there(store: Store, operator: Operator) -> None:
    await keep(store, vm(1))
    made = await operator.schedules.create_schedule(wanted())
    await operator.schedules.run_schedule(made.id)
    await operator.schedules.delete_schedule(made.id)
    (found,) = await operator.schedules.executions(schedule_id=made.id)
    assert found.schedule_name == "nightly"
    assert (await refusal(operator.schedules.schedule_history(made.id))).status == 404


async def test_members_come_and_go(store: Store, operator: Operator) -> None:
    await keep(store, vm(1), vm(2))
    group = await operator.schedules.create_group(SaveGroup(name="web", priority=80))
    added = await operator.schedules.add_member(group.id, AddMember(vm="vm-0002"))
    again = await operator.schedules.add_member(group.id, AddMember(vm="ctx-0002"))
    await operator.schedules.add_member(group.id, AddMember(vm="vm-0001"))
    assert added == again
    assert [one.vm_name for one in await operator.schedules.members(group.id)] == ["vm-0001", "vm-0002"]
    await operator.schedules.remove_member(group.id, "vm-0002")
    assert (await operator.schedules.group(group.id)).member_count == 1
    assert (await refusal(operator.schedules.remove_member(group.id, "vm-0002"))).status == 404
    assert (await refusal(operator.schedules.add_member(group.id, AddMember(vm="nobody")))).status == 404
    assert (await refusal(operator.schedules.members("group-x"))).status == 404


async def test_groups_are_listed_with_those_that_go_first_at_the_top(operator: Operator) -> None:
    for name, priority in (("b", 10), ("a", 10), ("urgent", 90)):
        await operator.schedules.create_group(SaveGroup(name=name, priority=priority))
    assert [one.name for one in await operator.schedules.groups()] == ["urgent", "a", "b"]


async def test_a_group_cannot_be_in_conflict_with_itself_nor_its_own_parent(operator: Operator) -> None:
    top = await operator.schedules.create_group(SaveGroup(name="top"))
    middle = await operator.schedules.create_group(SaveGroup(name="middle", parent_id=top.id))
    low = await operator.schedules.create_group(SaveGroup(name="low", parent_id=middle.id))

    async def changed(**more: Any) -> str:
        return (await refusal(operator.schedules.update_group(top.id, SaveGroup(name="top", **more)))).key

    assert await changed(conflicts_with=[low.id, top.id]) == "schedule.own_conflict"
    assert await changed(parent_id=top.id) == "schedule.own_parent"
    assert await changed(parent_id=low.id) == "schedule.own_parent"
    assert await changed(parent_id="group-x") == "request.not_found"
    assert await changed(conflicts_with=["group-x"]) == "request.not_found"
    assert (await refusal(operator.schedules.update_group(top.id, SaveGroup(name="Low")))).key == "schedule.name_taken"
    assert await operator.schedules.group(top.id) == top


async def test_a_group_that_is_named_cannot_be_removed(store: Store, operator: Operator) -> None:
    await keep(store, vm(1))
    group = await operator.schedules.create_group(SaveGroup(name="web"))
    await operator.schedules.add_member(group.id, AddMember(vm="vm-0001"))
    child = await operator.schedules.create_group(SaveGroup(name="child", parent_id=group.id))
    rival = await operator.schedules.create_group(SaveGroup(name="rival", conflicts_with=[group.id]))
    schedule = await operator.schedules.create_schedule(wanted(group_id=group.id, vms=[]))
    refused = await refusal(operator.schedules.delete_group(group.id))
    assert refused.status == 409
    assert refused.message == "The group web is named by the group child, the group rival, the schedule nightly."
    await operator.schedules.delete_schedule(schedule.id)
    await operator.schedules.delete_group(child.id)
    await operator.schedules.delete_group(rival.id)
    await operator.schedules.delete_group(group.id)
    assert await operator.schedules.groups() == []


async def test_windows_are_kept_and_tell_what_holds_now(operator: Operator) -> None:
    assert await operator.windows.windows() == FleetWindows()
    always = {"start": "00:00", "end": "00:00"}
    kept = FleetWindows(
        blackouts=[Window(name="Freeze", **always)], bandwidth=[BandwidthWindow(bytes_per_second=1 << 20, **always)], max_concurrent=8
    )
    assert await operator.windows.save_windows(kept) == kept == await operator.windows.windows()
    now = await operator.windows.windows_now()
    assert (now.blackout, now.bytes_per_second) == (kept.blackouts[0], 1 << 20)


async def test_windows_in_an_unknown_zone_are_refused_and_the_old_ones_stay(operator: Operator) -> None:
    lost = FleetWindows(bandwidth=[BandwidthWindow(start="08:00", end="18:00", timezone="Mars/Base", bytes_per_second=1 << 20)])
    assert (await refusal(operator.windows.save_windows(lost))).key == "schedule.zone_unknown"
    assert await operator.windows.windows() == FleetWindows()


async def test_a_vm_tells_its_next_run_of_all_schedules_that_are_enabled(store: Store, operator: Operator) -> None:
    await keep(store, vm(1), vm(2), vm(3), job("job-1"))
    group = await operator.schedules.create_group(SaveGroup(name="web"))
    await operator.schedules.add_member(group.id, AddMember(vm="vm-0002"))
    yearly = await operator.schedules.create_schedule(wanted("yearly", cron="0 0 1 1 *", vms=["vm-0001"], group_id=group.id))
    hourly = await operator.schedules.create_schedule(wanted("hourly", cron="0 * * * *", vms=["vm-0001"]))
    await operator.schedules.create_schedule(wanted("off", cron="* * * * *", vms=["vm-0003"], enabled=False))
    routes = ReplicationRoutes(store, cast(Any, None), cast(Any, None))
    with statements(store) as asked:
        found = await routes.contexts()
    assert [one.next_run for one in found] == [hourly.next_run, yearly.next_run, None]
    assert len(asked) <= 3
    assert (await routes.context("vm-0002")).next_run == yearly.next_run
    assert all(one.next_run is None or one.next_run > datetime.now(UTC) - timedelta(seconds=5) for one in found)


async def test_a_list_of_many_schedules_takes_as_many_questions_as_of_two(store: Store, operator: Operator) -> None:
    async def asked() -> int:
        with statements(store) as found:
            await operator.schedules.schedules()
        return len(found)

    await keep(store, vm(1))
    for number in range(2):
        await operator.schedules.create_schedule(wanted(f"schedule {number}"))
    few = await asked()
    for number in range(2, 40):
        await operator.schedules.create_schedule(wanted(f"schedule {number}"))
    assert await asked() == few <= 3
