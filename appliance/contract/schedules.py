"""Schedules, machine groups, and what became of each scheduled run."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.jobs import Problem
from appliance.contract.windows import AtOnce, Window, Zone

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^\S(.*\S)?$")]
Remark = Annotated[str, Field(max_length=1000)]
CronLine = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(min_length=1, max_length=255)]
Limit = Annotated[int, Field(ge=1, le=1000)]
Count = Annotated[int, Field(ge=1, le=100)]


class OnMissed(StrEnum):
    """What becomes of times that went by while the appliance was off: one run for all of them, or none."""

    ONCE = "once"
    SKIP = "skip"


class OnGap(StrEnum):
    """What becomes of times of day that a day lacks because the clocks are put forward: run as soon as it goes on, or not."""

    RUN_AFTER = "run_after"
    SKIP = "skip"


class ExecutionStatus(StrEnum):
    """Where a scheduled run stands; what became of its job is told by `job_status`."""

    QUEUED = "queued"
    STARTING = "starting"
    STARTED = "started"
    SKIPPED = "skipped"


class StartedBy(StrEnum):
    """Whose run it is."""

    SCHEDULE = "schedule"
    OPERATOR = "operator"


class SaveSchedule(OperatorModel):
    """When which VMs are replicated. `vms` are context ids, or names that are unique; starts are spread over `spread_seconds`.

    With `verify` each run is a verification in full: the VM is replicated, then every block is compared.
    """

    name: Name
    description: Remark = ""
    cron: CronLine
    timezone: Zone = "UTC"
    enabled: bool = True
    group_id: Id | None = None
    vms: Annotated[list[Id], Field(max_length=2000)] = Field(default_factory=list)
    on_missed: OnMissed = OnMissed.ONCE
    on_gap: OnGap = OnGap.RUN_AFTER
    spread_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    max_concurrent: AtOnce | None = None
    quiesce: bool = False
    verify: bool = False
    blackouts: Annotated[list[Window], Field(max_length=20)] = Field(default_factory=list)


class Schedule(OperatorModel):
    """A schedule. `next_run` is None while it is disabled; `decided_until` is the time up to which its runs are recorded."""

    id: str
    name: str
    description: str
    cron: str
    timezone: str
    enabled: bool
    group_id: str | None
    group_name: str
    vm_context_ids: list[str]
    on_missed: OnMissed
    on_gap: OnGap
    spread_seconds: int
    max_concurrent: int | None
    quiesce: bool
    verify: bool = False
    blackouts: list[Window]
    next_run: datetime | None
    decided_until: datetime
    created_at: datetime
    updated_at: datetime


class Preview(OperatorModel):
    """A cron line that is to be tried."""

    cron: CronLine
    timezone: Zone = "UTC"
    on_gap: OnGap = OnGap.RUN_AFTER
    count: Count = 10


class NextRun(OperatorModel):
    """A time at which a schedule fires: in UTC, and as the clocks of its time zone show it."""

    at: datetime
    local: str


class SaveGroup(OperatorModel):
    """VMs with a common priority (100 goes first) and limit. A group waits while one of `conflicts_with` is being replicated;
    the limit of the parent holds for its children together."""

    name: Name
    description: Remark = ""
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    max_concurrent: AtOnce | None = None
    parent_id: Id | None = None
    conflicts_with: Annotated[list[Id], Field(max_length=100)] = Field(default_factory=list)


class Group(OperatorModel):
    """A machine group."""

    id: str
    name: str
    description: str
    priority: int
    max_concurrent: int | None
    parent_id: str | None
    conflicts_with: list[str]
    member_count: int
    created_at: datetime
    updated_at: datetime


class AddMember(OperatorModel):
    """A VM, by its context id or its name where that is unique."""

    vm: Id


class Member(OperatorModel):
    """A VM in a group."""

    context_id: str
    vm_name: str
    current_status: str
    added_at: datetime


class Execution(OperatorModel):
    """One scheduled run of one VM: due, started not before `start_at`. `reason`: why it was skipped, or which limit it waits for."""

    id: str
    schedule_id: str
    schedule_name: str
    vm_context_id: str | None
    vm_name: str
    started_by: StartedBy
    due_at: datetime
    missed_since: datetime | None
    start_at: datetime
    status: ExecutionStatus
    reason: Problem | None
    job_id: str | None
    job_status: str | None
    job_title: str | None = None
    created_at: datetime
    decided_at: datetime | None


class SchedulesApi(Api):
    """Schedules, machine groups and scheduled runs."""

    @route("POST", "/api/v1/schedules", status=201)
    async def create_schedule(self, body: SaveSchedule) -> Schedule:
        """Make a schedule; the answer says when it runs next."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedules")
    async def schedules(self, enabled: bool | None = None, group_id: str | None = None) -> list[Schedule]:
        """All schedules, by name."""
        raise NotImplementedError

    @route("POST", "/api/v1/schedules/preview", asks=True)
    async def preview_line(self, body: Preview) -> list[NextRun]:
        """When a cron line would fire."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedules/{schedule_id}")
    async def schedule(self, schedule_id: str) -> Schedule:
        """One schedule."""
        raise NotImplementedError

    @route("PUT", "/api/v1/schedules/{schedule_id}")
    async def update_schedule(self, schedule_id: str, body: SaveSchedule) -> Schedule:
        """Replace all of a schedule; runs that wait already stay as they are."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/schedules/{schedule_id}", status=204)
    async def delete_schedule(self, schedule_id: str) -> None:
        """Remove a schedule; its history stays, runs that wait are skipped."""
        raise NotImplementedError

    @route("POST", "/api/v1/schedules/{schedule_id}/enable")
    async def enable_schedule(self, schedule_id: str) -> Schedule:
        """Let a schedule run from now on; nothing of before is caught up."""
        raise NotImplementedError

    @route("POST", "/api/v1/schedules/{schedule_id}/disable")
    async def disable_schedule(self, schedule_id: str) -> Schedule:
        """Stop a schedule; its runs that wait are skipped, those that are started go on."""
        raise NotImplementedError

    @route("POST", "/api/v1/schedules/{schedule_id}/run", status=202)
    async def run_schedule(self, schedule_id: str) -> list[Execution]:
        """Run a schedule now, enabled or not; the answer says which VMs are skipped and why."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedules/{schedule_id}/next-runs")
    async def next_runs(self, schedule_id: str, count: Count = 10) -> list[NextRun]:
        """When a schedule fires next, if it is enabled or as if it were."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedules/{schedule_id}/executions")
    async def schedule_history(self, schedule_id: str, limit: Limit = 100) -> list[Execution]:
        """The runs of one schedule, newest first."""
        raise NotImplementedError

    @route("POST", "/api/v1/machine-groups", status=201)
    async def create_group(self, body: SaveGroup) -> Group:
        """Make a machine group."""
        raise NotImplementedError

    @route("GET", "/api/v1/machine-groups")
    async def groups(self) -> list[Group]:
        """All machine groups, those that go first at the top."""
        raise NotImplementedError

    @route("GET", "/api/v1/machine-groups/{group_id}")
    async def group(self, group_id: str) -> Group:
        """One machine group."""
        raise NotImplementedError

    @route("PUT", "/api/v1/machine-groups/{group_id}")
    async def update_group(self, group_id: str, body: SaveGroup) -> Group:
        """Replace what is set for a machine group; its members stay."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/machine-groups/{group_id}", status=204)
    async def delete_group(self, group_id: str) -> None:
        """Remove a machine group that no schedule and no other group names; its VMs stay under management."""
        raise NotImplementedError

    @route("GET", "/api/v1/machine-groups/{group_id}/members")
    async def members(self, group_id: str) -> list[Member]:
        """The VMs of a group, by name."""
        raise NotImplementedError

    @route("POST", "/api/v1/machine-groups/{group_id}/members", status=201)
    async def add_member(self, group_id: str, body: AddMember) -> Member:
        """Put a VM into a group; one that is in it already stays."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/machine-groups/{group_id}/members/{vm}", status=204)
    async def remove_member(self, group_id: str, vm: str) -> None:
        """Take a VM out of a group; it stays under management."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedule-executions")
    async def executions(
        self, schedule_id: str | None = None, vm: str | None = None, status: ExecutionStatus | None = None, limit: Limit = 100
    ) -> list[Execution]:
        """Scheduled runs of all schedules, newest first."""
        raise NotImplementedError

    @route("GET", "/api/v1/schedule-executions/{execution_id}")
    async def execution(self, execution_id: str) -> Execution:
        """One scheduled run."""
        raise NotImplementedError
