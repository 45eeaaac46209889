"""Why an upgrade file is not taken, or an upgrade not made, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

UNREADABLE = fault(
    "upgrade.unreadable",
    409,
    "This file is no upgrade of the appliance, or it is damaged: {detail}.",
    "Fetch it from the vendor again, and compare its checksum. Nothing was changed.",
)
NOT_SIGNED = fault(
    "upgrade.not_signed",
    409,
    "The vendor of this appliance has not signed this upgrade.",
    "Take only files that come from the vendor. Nothing was changed.",
)
NO_KEY = fault(
    "upgrade.no_key",
    409,
    "This appliance has no vendor's key, so it can't tell whether an upgrade comes from the vendor.",
    "Deploy a new appliance from an image that has the key, and restore a back-up of this one there.",
)
NOT_INSTALLED = fault(
    "upgrade.not_installed",
    409,
    "This agent does not run from an appliance's image, so it can't be upgraded by a file.",
    "Bring it to another version in the way in which it was installed.",
)
SAME = fault("upgrade.same", 409, "This appliance has version {version} already.", "Nothing needs to be done.")
OLDER = fault(
    "upgrade.older",
    409,
    "The upgrade has version {version}, which is older than this appliance's ({ours}).",
    "Take a newer upgrade; the way back to an older version is a new appliance and a back-up that was made then.",
)
SKIPS = fault(
    "upgrade.skips",
    409,
    "The upgrade to {version} is for appliances of {lines}; this one has {ours}.",
    "Upgrade to one of those versions first.",
)
RECORDS_NEWER = fault(
    "upgrade.records_newer",
    409,
    "This appliance's records have a newer form than the upgrade to {version} knows.",
    "Ask the vendor for an upgrade that was made later. Nothing was changed.",
)
OTHER_ROLE = fault(
    "upgrade.other_role", 409, "The upgrade to {version} is for another kind of appliance.", "Take the one for a {role} from the vendor."
)
OTHER_BASE = fault(
    "upgrade.other_base",
    409,
    "The upgrade to {version} needs another base system than this appliance's.",
    "Deploy a new appliance of that version and restore a back-up of this one there.",
)
PEERS_APART = fault(
    "upgrade.peers_apart",
    409,
    "{peers} could no longer work with this appliance once it has version {version}: versions may be one step apart.",
    "Upgrade the other appliance first, or revoke its pairing if it is no longer there.",
)
FAILOVER_RUNS = fault(
    "upgrade.failover_runs", 409, "{title} is under way.", "Wait until it has ended; then apply the upgrade. Other jobs go on afterwards."
)
RESTORE_WAITS = fault(
    "upgrade.restore_waits",
    409,
    "A back-up is about to be restored: this appliance starts anew for it.",
    "Wait until it answers again; then apply the upgrade.",
)
UNDER_WAY = fault("upgrade.under_way", 409, "An upgrade is under way already.", "Wait until it has ended.")
NO_ROOM = fault(
    "upgrade.no_room",
    507,
    "There is too little room on this appliance's disk for the upgrade: {needed_mib} MiB are needed, {free_mib} MiB are free.",
    "Remove upgrade files, back-ups and support bundles that are no longer needed, or make its disk larger. Nothing was changed.",
)
RETURNED = fault(
    "upgrade.returned",
    409,
    "The upgrade to {version} was given up, and version {ours} runs again with the records of before: {reason}",
    "Send a support bundle to the vendor. Everything works as before the upgrade.",
)
