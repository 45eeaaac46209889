"""What can be wrong with a schedule or a group. Why a run is skipped stands in `conflicts`."""

from appliance.contract.errors import fault

CRON_UNREADABLE = fault(
    "schedule.cron_unreadable",
    400,
    "The cron line can't be read: {detail}.",
    "Write second, minute, hour, day of the month, month and day of the week, for example 0 30 2 * * MON-FRI; the second may be left out.",
)
NEVER_FIRES = fault(
    "schedule.never_fires",
    400,
    "The cron line never fires: no day is like that.",
    "Check day and month, for example 30 February; the preview shows when a line fires.",
)
ZONE_UNKNOWN = fault(
    "schedule.zone_unknown", 400, "There is no time zone {zone}.", "Write its name as region and city, for example Europe/Berlin, or UTC."
)
NO_TARGET = fault("schedule.no_target", 400, "The schedule names no group and no VM.", "Choose a group, or at least one VM.")
NAME_TAKEN = fault("schedule.name_taken", 409, "There is a {noun} called {name} already.", "Choose another name, or change that one.")
GROUP_IN_USE = fault("schedule.group_in_use", 409, "The group {name} is named by {users}.", "Take it out there first; then remove it.")
OWN_CONFLICT = fault(
    "schedule.own_conflict",
    400,
    "A group can't be in conflict with itself.",
    "Choose other groups; a limit of 1 lets its VMs run one by one.",
)
OWN_PARENT = fault("schedule.own_parent", 400, "A group can't be its own parent, nor a parent of its parents.", "Choose another parent.")
