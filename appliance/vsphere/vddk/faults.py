"""What can go wrong with VMware's library, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

NOT_THE_ARCHIVE = fault(
    "library.not_the_archive",
    422,
    "This file is not the archive of VMware's disk library: {detail}.",
    "Take the file for 64-bit Linux (VMware-vix-disklib-<version>.x86_64.tar.gz) as the vendor gives it out. Nothing was changed.",
)
UNUSABLE = fault(
    "library.unusable",
    409,
    "The library can't be used on this appliance: {detail}.",
    "Try another version between 6.5 and 8.0. Nothing was changed; disks are read as before.",
)
UNSUPPORTED = fault(
    "library.unsupported",
    409,
    "This appliance was built without what VMware's library is used through.",
    "Install an appliance image that has it. Disks are read over HTTPS meanwhile.",
)
NONE_WAITS = fault(
    "library.none_waits",
    409,
    "No archive with this digest waits to be accepted.",
    "Look which one is here now, compare its digest with the vendor's, then accept that one; or bring the archive again.",
)
NONE_INSTALLED = fault("library.none_installed", 404, "No library is installed.", "Bring the vendor's archive first.")
