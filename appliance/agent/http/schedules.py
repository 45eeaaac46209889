"""Routes of schedules, machine groups, scheduled runs and windows."""

from __future__ import annotations

from datetime import datetime

from appliance.contract import schedules as contract
from appliance.contract import windows as window_contract
from appliance.contract.jobs import Problem
from appliance.core.store import Store, utcnow
from appliance.schedules import groups, schedules, windows
from appliance.schedules.cron import Timetable, timetable
from appliance.schedules.facts import Reachable
from appliance.schedules.fleet import Fleet
from appliance.schedules.history import Found, History


class ScheduleRoutes(contract.SchedulesApi):
    """Serves schedules, machine groups and scheduled runs."""

    def __init__(self, store: Store, reachable: Reachable) -> None:
        self._schedules = schedules.Schedules(store, reachable)
        self._groups, self._history = groups.Groups(store), History(store)

    async def create_schedule(self, body: contract.SaveSchedule) -> contract.Schedule:
        return _schedule(await self._schedules.create(body))

    async def schedules(self, enabled: bool | None = None, group_id: str | None = None) -> list[contract.Schedule]:
        return [_schedule(one) for one in await self._schedules.all(enabled=enabled, group_id=group_id)]

    async def preview_line(self, body: contract.Preview) -> list[contract.NextRun]:
        return _coming(timetable(body.cron, body.timezone, body.on_gap), self._schedules.clock(), body.count)

    async def schedule(self, schedule_id: str) -> contract.Schedule:
        return _schedule(await self._schedules.get(schedule_id))

    async def update_schedule(self, schedule_id: str, body: contract.SaveSchedule) -> contract.Schedule:
        return _schedule(await self._schedules.update(schedule_id, body))

    async def delete_schedule(self, schedule_id: str) -> None:
        await self._schedules.delete(schedule_id)

    async def enable_schedule(self, schedule_id: str) -> contract.Schedule:
        return _schedule(await self._schedules.turn(schedule_id, True))

    async def disable_schedule(self, schedule_id: str) -> contract.Schedule:
        return _schedule(await self._schedules.turn(schedule_id, False))

    async def run_schedule(self, schedule_id: str) -> list[contract.Execution]:
        return [_execution(one) for one in await self._history.those(await self._schedules.run_now(schedule_id))]

    async def next_runs(self, schedule_id: str, count: contract.Count = 10) -> list[contract.NextRun]:
        found = await self._schedules.get(schedule_id)
        return _coming(self._schedules.times(found.row), self._schedules.clock(), count)

    async def schedule_history(self, schedule_id: str, limit: contract.Limit = 100) -> list[contract.Execution]:
        await self._schedules.get(schedule_id)
        return [_execution(one) for one in await self._history.newest(schedule_id=schedule_id, limit=limit)]

    async def create_group(self, body: contract.SaveGroup) -> contract.Group:
        return _group(await self._groups.create(body))

    async def groups(self) -> list[contract.Group]:
        return [_group(one) for one in await self._groups.all()]

    async def group(self, group_id: str) -> contract.Group:
        return _group(await self._groups.get(group_id))

    async def update_group(self, group_id: str, body: contract.SaveGroup) -> contract.Group:
        return _group(await self._groups.update(group_id, body))

    async def delete_group(self, group_id: str) -> None:
        await self._groups.delete(group_id)

    async def members(self, group_id: str) -> list[contract.Member]:
        return await self._groups.members(group_id)

    async def add_member(self, group_id: str, body: contract.AddMember) -> contract.Member:
        return await self._groups.add(group_id, body.vm)

    async def remove_member(self, group_id: str, vm: str) -> None:
        await self._groups.remove(group_id, vm)

    async def executions(
        self,
        schedule_id: str | None = None,
        vm: str | None = None,
        status: contract.ExecutionStatus | None = None,
        limit: contract.Limit = 100,
    ) -> list[contract.Execution]:
        return [_execution(one) for one in await self._history.newest(schedule_id=schedule_id, vm=vm, status=status, limit=limit)]

    async def execution(self, execution_id: str) -> contract.Execution:
        return _execution(await self._history.get(execution_id))


class WindowRoutes(window_contract.WindowsApi):
    """Serves what holds for all schedules."""

    def __init__(self, store: Store) -> None:
        self._fleet = Fleet(store)

    async def windows(self) -> window_contract.FleetWindows:
        return await self._fleet.get()

    async def save_windows(self, body: window_contract.FleetWindows) -> window_contract.FleetWindows:
        await self._fleet.put(body)
        return await self._fleet.get()

    async def windows_now(self) -> window_contract.WindowsNow:
        fleet, now = await self._fleet.get(), utcnow()
        limit = windows.limit_at(fleet.bandwidth, now)
        return window_contract.WindowsNow(at=now, blackout=windows.holding(fleet.blackouts, now), bytes_per_second=limit)


def _coming(times: Timetable, now: datetime, count: int) -> list[contract.NextRun]:
    return [contract.NextRun(at=at, local=at.astimezone(times.zone).isoformat()) for at in times.coming(now, count)]


def _schedule(entry: schedules.Entry) -> contract.Schedule:
    row = entry.row
    copied = {name: getattr(row, name) for name in (*schedules.COPIED, *schedules.COPIED_LIMITS, "id", "blackouts")}
    times = {name: getattr(row, name) for name in ("decided_until", "created_at", "updated_at")}
    return contract.Schedule(**copied, **times, group_name=entry.group_name, vm_context_ids=entry.vms, next_run=row.next_run_at)


def _group(entry: groups.Entry) -> contract.Group:
    copied = {name: getattr(entry.row, name) for name in contract.Group.model_fields if name != "member_count"}
    return contract.Group(**copied, member_count=entry.member_count)


def _execution(found: Found) -> contract.Execution:
    row, job_status, job_title = found
    copied = {name: getattr(row, name) for name in contract.Execution.model_fields if name not in ("reason", "job_status", "job_title")}
    return contract.Execution(**copied, job_status=job_status, job_title=job_title, reason=Problem(**row.reason) if row.reason else None)
