"""Why the console over SSH can't be set as asked, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

KEY_UNREADABLE = fault(
    "remote_console.key_unreadable",
    422,
    "Key {number} is not a public key, or a part of it is missing.",
    "Copy the whole line of the public key's file, which ends in .pub; a private key is never needed here.",
)
KEY_LINES = fault("remote_console.key_lines", 422, "Key {number} has more than one line.", "Give each key by itself, as one line.")
KEY_OPTIONS = fault(
    "remote_console.key_options",
    422,
    "Key {number} has options before it; they are not taken here.",
    "Give the line from the key's kind on, for example from ssh-ed25519 on.",
)
KEY_KIND = fault(
    "remote_console.key_kind",
    422,
    "Key {number} is of a kind that is not taken: {kind}.",
    "Make a new key of the kind ssh-ed25519, and give its public half.",
)
KEY_SHORT = fault(
    "remote_console.key_short",
    422,
    "Key {number} has {bits} bits; RSA keys need 2048 to 16384.",
    "Make a new key of the kind ssh-ed25519, and give its public half.",
)
NO_WAY_IN = fault(
    "remote_console.no_way_in",
    422,
    "Nobody could log in: there is no key, and login by password is off.",
    "Give at least one key, or turn login by password on.",
)
PASSWORD_UNKNOWN = fault(
    "remote_console.password_unknown",
    409,
    "The console's password is not known for logins over SSH yet.",
    "Set the console's password again, and then turn login by password on.",
)
ACCOUNT_MISSING = fault(
    "remote_console.account_missing",
    409,
    "This machine has no account {user}, which logins over SSH need.",
    "The appliance's image brings it; where the appliance was installed by hand, create the account as its manual says.",
)
ACCOUNT_SHUT_OUT = fault(
    "remote_console.account_shut_out",
    409,
    "The account {user} is not let near the appliance, so its console would show nothing.",
    "The appliance's image arranges it; where the appliance was installed by hand, give the account its group as its manual says.",
)
NOT_POSSIBLE = fault(
    "remote_console.not_possible",
    503,
    "This machine can't serve the console over SSH: {missing}.",
    "The appliance's image brings what it needs; otherwise send the support bundle to the vendor.",
)
