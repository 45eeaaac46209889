"""What can go wrong with volumes, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

UNKNOWN = fault("volume.unknown", 404, "There is no volume {volume} here.", "The list of volumes shows which there are.")
LOST = fault(
    "volume.lost",
    409,
    "The volume {volume} does not exist in CloudStack any more.",
    "If it was deleted there by hand, remove the VM from management and add it again; it is then copied in full.",
)
DEVICE_MISSING = fault(
    "volume.device_missing",
    504,
    "CloudStack says that the disk {volume} is attached to this appliance, but it did not appear here.",
    "Check in CloudStack that this appliance's own machine is the one named in the configuration, and try again; it was detached again.",
)
DEVICE_SMALL = fault(
    "volume.device_small",
    409,
    "The disk {volume} is smaller here than it was made.",
    "Check the volume in CloudStack; it may have been replaced or shrunk.",
)
DEVICE_STAYS = fault(
    "volume.device_stays",
    504,
    "CloudStack says that the disk {volume} is detached, but this appliance still sees it.",
    "Wait a moment and try again; if it stays, restart this appliance.",
)
LEFT_ATTACHED = fault(
    "volume.left_attached",
    502,
    "The disk {volume} was attached to this appliance, can't be used here, and could not be detached again: in CloudStack it still is, "
    "or may be, attached to this appliance's machine.",
    "Try again. If it happens again, look at the events of the volume {volume} in CloudStack, detach it there from the machine that the "
    "CloudStack configuration names as this appliance's own, and try again.",
)
ATTACHED_ELSEWHERE = fault(
    "volume.attached_elsewhere",
    409,
    "The volume {volume} is attached to another machine.",
    "Detach it in CloudStack if that machine does not need it, or clean up the failover that attached it; then try again.",
)
NOT_ATTACHED = fault(
    "volume.not_attached",
    502,
    "CloudStack says that the volume {volume} was attached, but it is not.",
    "Try again; if it happens again, look at the volume's events in CloudStack.",
)
STILL_ATTACHED = fault(
    "volume.still_attached",
    502,
    "CloudStack says that the volume {volume} was detached, but it is still attached.",
    "Try again; if it happens again, look at the volume's events in CloudStack.",
)
IN_USE = fault(
    "volume.in_use",
    409,
    "The volume {volume} is in use by another job.",
    "Wait until that job has ended, or cancel it; then try again.",
)
TOO_MANY_DISKS = fault(
    "volume.too_many_disks",
    409,
    "The VM has {wanted} disks, but only {limit} can be attached to this appliance at once.",
    "Raise the limit in the settings if CloudStack allows more, or ask the CloudStack administrator to.",
)
NO_ROOM = fault(
    "volume.no_room",
    409,
    "CloudStack has not enough left for this VM. {reasons}",
    "Ask the CloudStack administrator to raise the limit or to add storage, or free some; then try again.",
)
RESIZE_WITH_SNAPSHOT = fault(
    "volume.resize_with_snapshot",
    409,
    "The volume {volume} can't grow while it has a snapshot.",
    "Clean up the failover that made the snapshot; then try again.",
)
SNAPSHOT_LOST = fault(
    "volume.snapshot_lost",
    409,
    "The snapshot of the volume {volume} does not exist in CloudStack any more.",
    "The disk can't be taken back to its state before the failover; it will be copied in full.",
)
NO_SNAPSHOT = fault(
    "volume.no_snapshot",
    409,
    "The volume {volume} has no snapshot to go back to.",
    "Nothing was changed; the disk will be copied in full if it was changed.",
)
HAS_SNAPSHOT = fault(
    "volume.has_snapshot",
    409,
    "The volume {volume} has a snapshot of an earlier failover already.",
    "Clean up that failover first; then try again.",
)
EXPORTS_STOPPED = fault(
    "volume.exports_stopped",
    503,
    "The volumes can't be offered for local checks.",
    "Restart the appliance; if it happens again, send the support bundle to the vendor.",
)
