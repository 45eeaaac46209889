"""What can go wrong with a failover, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

NEVER_SYNCHRONISED = fault(
    "failover.never_synchronised", 409, "{name} has no complete copy yet.", "Let a replication of it finish first; then try again."
)
TORN = fault(
    "failover.torn",
    409,
    "The copy of {name} is incomplete: a replication stopped while it was writing.",
    "Let a replication of it finish; then try again.",
)
IN_DOUBT = fault(
    "failover.in_doubt",
    409,
    "The records of {name} came back from a back-up: its copy may be newer than they say, or incomplete.",
    "Let a replication of it finish: it compares the whole copy. If the source is lost, take the copy as it is on the VM's page.",
)
DIVERGED = fault(
    "failover.diverged",
    409,
    "The copy of {name} was changed by an earlier failover.",
    "Clean up that failover first; then try again.",
)
WRONG_STATE = fault(
    "failover.wrong_state",
    409,
    "{name} is {state}: {what} is not possible in this state.",
    "Look at the VM's page: it shows what can be done now.",
)
NO_FAILOVER = fault(
    "failover.none", 409, "{name} has no failover to come back from.", "Nothing needs to be done; look at the VM's page for its state."
)
NOT_DESCRIBED = fault(
    "failover.not_described",
    409,
    "The appliance does not know how {name} is built.",
    "Run a replication of it once more: it reads processors, memory, disks and networks anew.",
)
NO_VOLUMES = fault(
    "failover.no_volumes",
    409,
    "Not every disk of {name} has a copy here.",
    "Run a replication of it once more; then try again.",
)
NO_TEST_NETWORK = fault(
    "failover.no_test_network",
    422,
    "No network is chosen for the test of {name}: its adapter on {network} has no place to go.",
    "Choose an isolated network for the test, or map the network. A test never uses production networks by itself.",
)
NO_NETWORK = fault(
    "failover.no_network",
    422,
    "No network is chosen for {name}: its adapter on {network} has no place to go.",
    "Map the network, or choose a network in the CloudStack configuration.",
)
NETWORK_GONE = fault(
    "failover.network_gone",
    409,
    "The adapter of {name} on {network} would go to the network {target}, which CloudStack no longer has in the zone.",
    "Choose another network for it in the network mappings.",
)
MAPPING_TARGET_UNKNOWN = fault(
    "failover.mapping_target_unknown",
    422,
    "The zone of the configuration {config} has no network {target}.",
    "Choose one of the networks of that zone.",
)
SOURCE_RUNS = fault(
    "failover.source_runs",
    409,
    "The source machine of {name} is not switched off.",
    "Find out who started it. What it wrote is not in the copy: switch it off and start the live failover again.",
)
SOURCE_STAYS_ON = fault(
    "failover.source_stays_on",
    504,
    "The source machine of {name} did not switch off.",
    "Switch it off in vCenter, then start the live failover again.",
)
LAST_CYCLE_FAILED = fault(
    "failover.last_cycle_failed",
    502,
    "The last replication of {name} did not finish: {reason}",
    "Correct what it names and start the live failover again; nothing was started on the other side.",
)
PREPARATION_FAILED = fault(
    "failover.preparation_failed",
    502,
    "The copy of {name} could not be prepared for its new platform.",
    "Install the drivers for KVM (paravirtual disk and network) in the source machine, replicate again and skip the preparation.",
)
PREPARED_WITHOUT_DRIVERS = fault(
    "failover.prepared_without_drivers",
    502,
    "After its preparation the copy of {name} still has no drivers for {lack} on its new platform.",
    "Of a Windows: the disc on the page Guest drivers has none for this version, so bring one that has. Of another guest: its kernel has "
    "none. Or install the drivers for KVM in the source machine, replicate again and skip the preparation.",
)
SNAPSHOTS_MISSING = fault(
    "failover.reverts_missing",
    409,
    "Not every disk of {name} is back at its state before the failover.",
    "Run the cleanup again; no snapshot was deleted.",
)
STILL_HOLDS_DISKS = fault(
    "failover.still_holds_disks",
    409,
    "The new machine of {name} still holds migrated disks.",
    "Run the cleanup again; the machine is not deleted while disks are attached to it.",
)
HAS_RUN = fault(
    "failover.has_run",
    409,
    "The new machine of {name} has been started, and may hold data that exists nowhere else.",
    "If it can be given up, ask for the cleanup again and confirm that the new machine is discarded.",
)
NOT_A_TEST = fault(
    "failover.not_a_test", 409, "The failover of {name} is a live one.", "Roll it back or finalise it; a cleanup is for tests."
)
DISKS_NOT_THERE = fault(
    "failover.disks_not_there",
    409,
    "The new machine of {name} does not hold all of its migrated disks.",
    "Look at the machine and its disks in CloudStack; while a disk is missing there, the failover can't be finalised.",
)
BRING_FOR_WINDOWS = (
    "Bring it here: the console's page Guest drivers fetches it, `appliance drivers upload` and `upload-program` send it (Guest "
    "preparation in the manual says where it comes from). Or install the drivers for KVM in the source machine, replicate again and skip "
    "the preparation."
)
WINDOWS_LACKS = fault(
    "failover.windows_lacks",
    409,
    "The copy of {name} could not be prepared for its new platform: {lack}.",
    BRING_FOR_WINDOWS,
)
NO_DRIVERS = fault(
    "windows_drivers.none",
    422,
    "This file is not a complete disc with the drivers for Windows.",
    "Fetch the ISO file with the drivers of KVM for Windows once more and send it as it is; what was here before stays.",
)
NO_PROGRAM = fault(
    "windows_drivers.no_program",
    422,
    "This file is not a complete {name}, or no program for Windows at all.",
    "Take it out of its package once more and send it as it is; what was here before stays.",
)
NO_SUCH_PROGRAM = fault(
    "windows_drivers.unknown_program", 422, "No Windows guest is prepared with a program of this name.", "These are: {names}."
)
