"""What can go wrong in a verification."""

from appliance.contract.errors import fault

NO_COPY = fault("verification.no_copy", 409, "{name} has no copy yet that could be verified.", "Replicate it first.")
DIFFERS = fault(
    "verification.differs",
    409,
    "The copy of {disk} differs from the source, and copying what differs again did not make it right.",
    "Start a replication: it copies this disk in full. Until then the VM can't be failed over. Check the storage on both sides.",
)
INCOMPLETE = fault(
    "verification.incomplete",
    409,
    "The copy could not be compared with the source to the end. {reason}",
    "The copy itself is up to date. Start the verification again.",
)
NOT_ANSWERED = fault(
    "verification.not_answered",
    409,
    "The appliance at the source did not compare the copy.",
    "Bring both appliances to the same version.",
)
COPY_UNREADABLE = fault(
    "verification.copy_unreadable",
    502,
    "The copy of {disk} could not be read at the destination.",
    "Check the state of the CloudStack storage; then verify again.",
)
NOT_WANTED = fault(
    "verification.not_wanted", 409, "Nothing is being compared for this job now.", "Nothing needs to be done; the job has ended."
)
BROKEN_OFF = fault(
    "verification.broken_off", 409, "The verification was broken off.", "Start it again when you want it; the copy is as its page says."
)
