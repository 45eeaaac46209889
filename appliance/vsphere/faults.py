"""What can go wrong with a vCenter, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

UNREACHABLE = fault(
    "vcenter.unreachable",
    504,
    "The vCenter {host} can't be reached.",
    "Check its name or address and that this appliance may reach it on TCP port {port}.",
)
TIMED_OUT = fault(
    "vcenter.timed_out",
    504,
    "The vCenter {host} did not answer in time.",
    "Check that vCenter is healthy and not overloaded, then try again.",
)
NOT_A_VCENTER = fault(
    "vcenter.not_a_vcenter",
    502,
    "What answers at {host} is not a vCenter that this appliance can talk to.",
    "Check the name or address; vCenter 6.5 or newer is needed.",
)
LOGIN_REFUSED = fault(
    "vcenter.login_refused",
    401,
    "The vCenter {host} refused the user name or password.",
    "Check both; the user name usually has the form name@domain.",
)
NO_RIGHT = fault(
    "vcenter.no_right",
    403,
    "The vCenter user may not do this.",
    "Give the user the rights that the manual lists for migration, then try again.",
)
CERTIFICATE_MISMATCH = fault(
    "vcenter.certificate_mismatch",
    502,
    "The certificate of the vCenter {host} is not the one that was accepted. Its SHA-256 fingerprint now is {seen}.",
    "If the certificate was renewed, compare the fingerprint with the one vCenter shows and accept it; otherwise do not go on.",
)
CERTIFICATE_UNKNOWN = fault(
    "vcenter.certificate_unknown",
    502,
    "The certificate of the vCenter {host} is not signed by a known authority. Its SHA-256 fingerprint is {seen}.",
    "Compare the fingerprint with the one vCenter shows and accept it, or give the authority's certificate.",
)
VM_NOT_FOUND = fault(
    "vcenter.vm_not_found",
    404,
    "There is no VM {vm} in vCenter.",
    "It may have been renamed, moved or deleted: discover again and choose it from the list.",
)
FOLDER_NOT_FOUND = fault(
    "vcenter.folder_not_found",
    404,
    "There is no folder {folder} with VMs in vCenter.",
    "It may have been renamed or moved: choose one of the folders that are shown.",
)
CLUSTER_NOT_FOUND = fault(
    "vcenter.cluster_not_found",
    404,
    "There is no cluster {cluster} in vCenter.",
    "It may have been renamed: choose one of the clusters that are shown.",
)
OBJECT_GONE = fault(
    "vcenter.object_gone",
    410,
    "Something that is needed no longer exists in vCenter.",
    "Look in vCenter for what was deleted meanwhile, then try again.",
)
REFUSED = fault(
    "vcenter.refused",
    502,
    "vCenter refused or failed to {action}.",
    "Look at the VM's recent tasks in vCenter for the reason, then try again.",
)
TOOLS_MISSING = fault(
    "vcenter.tools_missing",
    409,
    "The guest can't be asked to shut down: VMware Tools do not run in it.",
    "Shut the guest down by hand, or allow it to be powered off.",
)
STILL_RUNNING = fault(
    "vcenter.still_running",
    409,
    "The guest did not shut down within {seconds} seconds.",
    "Shut the guest down by hand, or allow it to be powered off.",
)
TRACKING_REFUSED = fault(
    "vcenter.tracking_refused",
    409,
    "Changed-block tracking can't be turned on: {reason}",
    "Remove what stands in the way, or migrate this VM with full copies only.",
)
SNAPSHOT_CHANGED = fault(
    "vcenter.snapshot_changed",
    409,
    "The disk {disk} is not as it was when its snapshot was made: {what}.",
    "Another product or a move of the VM's storage came in between. Nothing is lost: the copy starts again with a new snapshot.",
)
SNAPSHOT_GONE = fault(
    "vcenter.snapshot_gone",
    410,
    "The snapshot that was being copied no longer exists in vCenter.",
    "Somebody removed it. Nothing is lost: the copy starts again with a new snapshot.",
)
SNAPSHOT_LEFT = fault(
    "vcenter.snapshot_left",
    502,
    "vCenter says that it removed the snapshot {snapshot}, but it is still there.",
    "Consolidate the VM's disks in vCenter; the appliance removes the snapshot before the next cycle.",
)
UNSUPPORTED_CHAIN = fault(
    "vcenter.unsupported_chain",
    409,
    "The disk {disk} lies on a chain of snapshots that can't be read.",
    "Remove the VM's other snapshots in vCenter, then try again.",
)
SOURCE_FAILED = fault(
    "vcenter.source_failed",
    502,
    "The disk {disk} can't be read from vCenter.",
    "Check that the vCenter user may browse the datastore {datastore} and that the datastore is available.",
)
SOURCE_LENGTH = fault(
    "vcenter.source_length",
    409,
    "The disk {disk} is {seen} bytes long in the datastore, but vCenter says {expected} bytes.",
    "The disk was resized or is not stored as a plain disk. Start the copy again; if that does not help, it can't be migrated this way.",
)
