"""Why a support bundle can't be made, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

NO_ROOM = fault(
    "support.no_room",
    507,
    "There is too little room on this appliance's disk for a support bundle: {free_mib} MiB are free, {needed_mib} MiB are needed.",
    "Make its disk larger, then ask for the bundle again; nothing was changed.",
)
BEING_MADE = fault(
    "support.being_made",
    409,
    "A support bundle is being made already.",
    "Wait until it is ready, which takes less than a minute; the list of jobs shows how far it is.",
)
