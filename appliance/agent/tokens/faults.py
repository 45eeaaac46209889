"""What can go wrong with API tokens and those who use them."""

from __future__ import annotations

from appliance.contract.errors import fault

NAME_TAKEN = fault(
    "token.name_taken",
    409,
    "There is, or was, a token called {name} already.",
    "Choose another name: the audit log tells by it who did what.",
)
ROLE_TOO_LOW = fault(
    "token.role_too_low",
    403,
    "This needs a token with the role {needed}; this one has the role {role}.",
    "Use another token, or let an administrator create one with that role.",
)
TOO_FAST = fault("rate.exceeded", 429, "There were too many requests in the last minute.", "Wait {seconds} seconds and go on more slowly.")
"""`seconds` is also the answer's Retry-After."""
