"""What can go wrong with CloudStack, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

UNREACHABLE = fault(
    "cloudstack.unreachable",
    502,
    "CloudStack does not answer.",
    "Check the address in the CloudStack configuration and that this appliance can reach it; then try again.",
)
NO_ANSWER = fault(
    "cloudstack.no_answer",
    504,
    "CloudStack did not answer in time.",
    "Check the load of the CloudStack management server; then try again.",
)
NOT_CLOUDSTACK = fault(
    "cloudstack.not_cloudstack",
    502,
    "What answers at the address in the CloudStack configuration is not CloudStack's API.",
    "Check host and port; a proxy in between may have answered instead.",
)
KEYS_REFUSED = fault(
    "cloudstack.keys_refused",
    422,
    "CloudStack refuses the API key, or its user lacks a right that is needed.",
    "Check API key and secret key in the CloudStack configuration, this appliance's clock, and the rights of the user.",
)
QUOTA = fault(
    "cloudstack.quota",
    409,
    "CloudStack refuses because a limit of the account is reached.",
    "Ask the CloudStack administrator to raise the account's limits for volumes, storage or machines, or free some; then try again.",
)
CAPACITY = fault(
    "cloudstack.capacity",
    409,
    "CloudStack has no room left for what is asked.",
    "Free storage or hosts in the zone, or choose another offering; then try again.",
)
NOT_THERE = fault(
    "cloudstack.not_there",
    404,
    "Something that the CloudStack configuration or this VM refers to does not exist in CloudStack any more.",
    "Open the CloudStack configuration, discover the resources again and choose anew.",
)
REFUSED = fault(
    "cloudstack.refused",
    409,
    "CloudStack refuses the request.",
    "The technical cause is kept with the job; correct in CloudStack what it names, then try again.",
)
JOB_FAILED = fault(
    "cloudstack.job_failed",
    502,
    "CloudStack accepted the request, but its own job failed.",
    "The technical cause is kept with the job; correct in CloudStack what it names, then try again.",
)
JOB_UNKNOWN = fault(
    "cloudstack.job_unknown",
    502,
    "CloudStack has forgotten a job that was started there.",
    "Try again; what it did is looked at first.",
)
NOT_ALLOWED = fault(
    "cloudstack.not_allowed",
    500,
    "A part of the appliance asked CloudStack for something that is not its to ask.",
    "Send the support bundle to the vendor.",
)

CONFIG_UNKNOWN = fault(
    "cloudstack.config_unknown", 404, "There is no CloudStack configuration {id}.", "The list shows which configurations there are."
)
CONFIG_INACTIVE = fault(
    "cloudstack.config_inactive",
    409,
    "The CloudStack configuration {name} is not active.",
    "Activate it, or ask for the active one.",
)
CONFIG_NONE_ACTIVE = fault(
    "cloudstack.config_none_active",
    409,
    "No CloudStack configuration is active.",
    "Open the CloudStack configuration, enter address and keys, choose the resources and save it as the active one.",
)
CONFIG_NAME_TAKEN = fault(
    "cloudstack.config_name_taken",
    409,
    "There is another CloudStack configuration called {name}.",
    "Choose another name, or change that one.",
)
CONFIG_IN_USE = fault(
    "cloudstack.config_in_use",
    409,
    "The CloudStack configuration {name} is used by {count} VMs: {users}.",
    "Make another configuration the active one instead; this one can go when these VMs are no longer under management.",
)
CONFIG_ADDRESS = fault(
    "cloudstack.config_address",
    422,
    "The CloudStack address {address} can't be used.",
    "Enter host and port, for example cloud.example.org:8080, or the whole address of the API.",
)
CONFIG_INCOMPLETE = fault(
    "cloudstack.config_incomplete",
    422,
    "The CloudStack configuration lacks {missing}.",
    "Discover the resources and choose what is missing, then save again.",
)
OWN_VM_UNKNOWN = fault(
    "cloudstack.own_vm_unknown",
    409,
    "This appliance does not find itself among the machines of this CloudStack account.",
    "Check that the keys belong to the account in which this appliance runs, or enter the id of its machine by hand.",
)
VM_STUCK = fault(
    "cloudstack.vm_stuck",
    409,
    "The machine {name} is {state} in CloudStack, which was not expected.",
    "Look at it in CloudStack, bring it to the expected state, then try again.",
)
