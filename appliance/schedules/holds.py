"""Why a run that is due has not started yet, in the operator's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.contract.errors import Fault, fault
from appliance.schedules.capacity import Bound, GroupRule, Hold

WAITS_FOR_TOTAL = fault(
    "schedule.waits_for_total",
    409,
    "{vm} waits: as many copies run as all schedules together may have at once ({limit}).",
    "It starts when one of them has ended. The limit is set with the windows of all schedules.",
)
WAITS_FOR_SCHEDULE = fault(
    "schedule.waits_for_schedule",
    409,
    "{vm} waits: as many copies run as the schedule {schedule} may have at once ({limit}).",
    "It starts when one of them has ended, or when the limit of the schedule is raised.",
)
WAITS_FOR_GROUP = fault(
    "schedule.waits_for_group",
    409,
    "{vm} waits: as many copies run as the machine group {group} may have at once ({limit}).",
    "It starts when one of them has ended, or when the limit of the group is raised.",
)
WAITS_FOR_CONFLICT = fault(
    "schedule.waits_for_conflict",
    409,
    "{vm} waits while VMs of the machine group {group} are copied: they are not to run side by side.",
    "It starts when they have ended.",
)
_SPECS = {
    Bound.TOTAL: WAITS_FOR_TOTAL,
    Bound.SCHEDULE: WAITS_FOR_SCHEDULE,
    Bound.GROUP: WAITS_FOR_GROUP,
    Bound.CONFLICT: WAITS_FOR_CONFLICT,
}


def waiting_for(hold: Hold, vm: str, schedule: str, groups: Mapping[str, GroupRule]) -> Fault:
    """What the run of this VM waits for, by names."""
    group = groups[hold.group].name if hold.group else ""
    return _SPECS[hold.bound](vm=vm, limit=hold.limit, schedule=schedule, group=group)
