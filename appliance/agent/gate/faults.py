"""Why the shell gate stays closed, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

GATE_ABSENT = fault(
    "gate.absent",
    409,
    "This appliance has no vendor's key, so there is no vendor's shell.",
    "Nothing can be done about it here; the vendor's support helps by the support bundle.",
)
NO_CHALLENGE = fault(
    "gate.no_challenge",
    409,
    "No challenge is open: it was used, it is older than {minutes} minutes, or the appliance's agent was restarted.",
    "Have a new challenge shown, read it to the vendor's support, and type the answer to that one.",
)
GATE_IN_USE = fault("gate.in_use", 409, "The vendor's shell is open already.", "Close it first; there is one at a time.")
ANSWER_MISTYPED = fault(
    "gate.answer_mistyped",
    422,
    "Line {line} of the answer has a typing mistake.",
    "Compare line {line} with what the vendor's support reads to you. This has cost no try.",
)
ANSWER_INCOMPLETE = fault(
    "gate.answer_incomplete",
    422,
    "The answer has {expected} letters and digits, in {lines} lines of {width}; {found} were typed.",
    "Compare the lines with what the vendor's support reads to you. This has cost no try.",
)
ANSWER_WRONG = fault(
    "gate.answer_wrong",
    403,
    "This is not the vendor's answer to the challenge that is shown.",
    "It may belong to an earlier challenge or to another appliance: read the challenge that is shown now to the vendor's support.",
)
GATE_PASSWORD_WRONG = fault(
    "gate.password_wrong", 403, "The password of the vendor's shell is wrong.", "Type it again; check the keyboard and the Caps Lock key."
)
