"""Why a back-up can't be made or used, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

PASSPHRASE_WRONG = fault(
    "backup.passphrase",
    409,
    "The back-up can't be opened with this passphrase, or it is damaged.",
    "Type the passphrase with which it was made. Nothing was changed.",
)
NOT_A_BACKUP = fault(
    "backup.unreadable", 409, "This file is no back-up of an appliance: {detail}.", "Take another file. Nothing was changed."
)
OTHER_ROLE = fault(
    "backup.other_role", 409, "This is a back-up of another kind of appliance ({role}).", "Restore it on an appliance of that kind."
)
TOO_NEW = fault(
    "backup.too_new",
    409,
    "The back-up was made by a newer version ({version}) of this appliance.",
    "Upgrade this appliance to that version first, then restore. Nothing was changed.",
)
JOBS_RUN = fault(
    "backup.jobs_run",
    409,
    "{count} jobs have not ended yet; a restore would forget them.",
    "Wait until they have ended, or cancel them; then restore.",
)
PASSPHRASE_GONE = fault(
    "backup.passphrase_gone",
    409,
    "The appliance was restarted while the back-up was being made, and keeps no passphrases.",
    "Make the back-up again.",
)
BEING_MADE = fault("backup.being_made", 409, "A back-up is being made already.", "Wait until it is ready; then ask again.")
NO_ROOM = fault(
    "backup.no_room",
    507,
    "There is too little room on this appliance's disk for a back-up.",
    "Remove old back-ups, or make its disk larger; then ask again. Nothing was changed.",
)
RESTORE_RUNS = fault(
    "backup.restore_runs",
    409,
    "A restore is under way already.",
    "Wait until the agent has started anew and look what it has restored; then ask again if another one is wanted.",
)
