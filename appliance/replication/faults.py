"""What can go wrong in a replication cycle."""

from appliance.contract.errors import fault

NOT_MIGRATABLE = fault("vm.not_migratable", 409, "{name} can't be migrated: {reasons}", "Change this on the VM in vCenter, then try again.")
DIVERGED = fault(
    "vm.diverged",
    409,
    "The copy of {name} was started or prepared for a start since its last cycle.",
    "Clean up or roll back the failover first; then replicate again.",
)
NO_CREDENTIAL = fault(
    "vm.no_credential", 409, "No vCenter credential is set for {name}.", "Add one, or choose it with the VM; then try again."
)
FORGOTTEN = fault(
    "replication.forgotten",
    502,
    "The appliance at the source no longer knows this copy.",
    "Start the cycle again; a snapshot that was left in vCenter is removed by it.",
)
SOURCE_UNPAIRED = fault(
    "replication.source_unpaired",
    409,
    "The appliance at the source is no longer paired with this one.",
    "Pair it again; then start the cycle again. It removes what it left in vCenter by itself.",
)
CAPACITY_CHANGED = fault(
    "replication.capacity_changed",
    409,
    "{disk} changed its size while it was being prepared.",
    "Start the cycle again; the new size is taken over by itself.",
)
DISK_MISSING = fault(
    "replication.disk_missing", 409, "{disk} is no longer part of the VM.", "Start the cycle again; it looks at the VM anew."
)
SOURCE_STUCK = fault(
    "replication.source_stuck",
    502,
    "{disk} could not be read: the source keeps failing.",
    "Check vCenter and its hosts and datastores; then start the cycle again.",
)
TARGET_STUCK = fault(
    "replication.target_stuck",
    502,
    "{disk} could not be written at the destination.",
    "Check the free space and the state of the CloudStack storage; then start the cycle again.",
)
REFUSED_SESSION = fault(
    "replication.no_session", 409, "No data is wanted for this disk now.", "Nothing needs to be done; the job on the other side has ended."
)
PART_OF_FAILOVER = fault(
    "replication.part_of_failover",
    409,
    "This replication of {name} was the last one of a live failover.",
    "Start the live failover again; it replicates by itself.",
)
FAR_ENDED = fault("replication.far_ended", 502, "The copy was ended at the source.", "Start the cycle again.")
NO_LOGIN = fault(
    "replication.no_login",
    409,
    "No login to vCenter comes for this copy any more: the job that asked for it has ended.",
    "Start the cycle again; a snapshot that was left in vCenter is removed by it.",
)
NOT_IN_VCENTER = fault(
    "discovery.not_in_vcenter",
    404,
    "{name} is not in this vCenter.",
    "It may have been renamed, moved or deleted: look again and choose it from the list.",
)
TOO_MANY_VMS = fault(
    "discovery.too_many", 422, "{count} VMs are more than one request may add: {limit}.", "Send at most {limit} at a time."
)
OTHER_VCENTER = fault(
    "vm.other_vcenter",
    409,
    "{name} is in the vCenter {host}, which the credential {credential} is not for.",
    "Choose a credential of this vCenter and of the same appliance beside it, or add one.",
)
STILL_FAILED_OVER = fault(
    "vm.still_failed_over",
    409,
    "{name} can't be removed from management while it is {state}.",
    "Clean up or roll back the failover, or finalise it; then remove the VM.",
)
